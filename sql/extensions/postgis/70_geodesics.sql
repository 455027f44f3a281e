-- Geodesics on the spheroid of WGS 84: distances to a tenth of a millimetre (Vincenty 1975, and
-- bisection where his iteration does not converge, near the antipodes), areas to about 1e-3.

create function @extschema@._geo_meridional(
    u double precision, out a double precision, out b double precision
)
language sql immutable strict parallel safe
as $$
    select 1 + u / 16384 * (4096 + u * (-768 + u * (320 - 175 * u))),
        u / 1024 * (256 + u * (-128 + u * (74 - 47 * u)))
$$;

-- Degrees to metres and azimuths (radians, clockwise from north) at both ends.
create function @extschema@._geo_inverse(
    lon1 double precision, lat1 double precision, lon2 double precision, lat2 double precision,
    out distance double precision, out azimuth1 double precision, out azimuth2 double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    a constant double precision := 6378137;
    f constant double precision := 1 / 298.257223563;
    b constant double precision := a * (1 - f);
    span double precision := radians(lon2 - lon1 - 360 * round((lon2 - lon1) / 360));
    u1 double precision := atan((1 - f) * tan(radians(lat1)));
    u2 double precision := atan((1 - f) * tan(radians(lat2)));
    lambda double precision := span;
    before double precision;
    sin_sigma double precision;
    cos_sigma double precision;
    sigma double precision;
    sin_alpha double precision;
    cos2_alpha double precision;
    cos_2m double precision;
    c double precision;
begin
    if lon1 = lon2 and lat1 = lat2 then
        distance := 0;
        azimuth1 := 0;
        azimuth2 := 0;
        return;
    end if;
    for step in 1 .. 40 loop
        sin_sigma := sqrt(
            (cos(u2) * sin(lambda)) ^ 2
            + (cos(u1) * sin(u2) - sin(u1) * cos(u2) * cos(lambda)) ^ 2
        );
        cos_sigma := sin(u1) * sin(u2) + cos(u1) * cos(u2) * cos(lambda);
        sigma := atan2(sin_sigma, cos_sigma);
        sin_alpha := case
            when sin_sigma = 0 then 0 else cos(u1) * cos(u2) * sin(lambda) / sin_sigma
        end;
        cos2_alpha := 1 - sin_alpha ^ 2;
        cos_2m := case
            when cos2_alpha <= 0 then 0 else cos_sigma - 2 * sin(u1) * sin(u2) / cos2_alpha
        end;
        c := f / 16 * cos2_alpha * (4 + f * (4 - 3 * cos2_alpha));
        before := lambda;
        lambda := span + (1 - c) * f * sin_alpha * (
            sigma + c * sin_sigma * (cos_2m + c * cos_sigma * (2 * cos_2m ^ 2 - 1))
        );
        exit when abs(lambda) > pi() or abs(lambda - before) < 1e-13;
    end loop;
    if abs(lambda) > pi() or abs(lambda - before) >= 1e-13 then
        select g.distance, g.azimuth1, g.azimuth2 into distance, azimuth1, azimuth2
        from @extschema@._geo_antipodal(u1, u2, span) as g;
        return;
    end if;
    distance := @extschema@._geo_arc(cos2_alpha, sigma, sin_sigma, cos_sigma, cos_2m);
    azimuth1 := atan2(
        cos(u2) * sin(lambda), cos(u1) * sin(u2) - sin(u1) * cos(u2) * cos(lambda)
    );
    azimuth2 := atan2(
        cos(u1) * sin(lambda), -sin(u1) * cos(u2) + cos(u1) * sin(u2) * cos(lambda)
    );
end
$$;

-- The length of an arc of the auxiliary sphere, in metres on the spheroid.
create function @extschema@._geo_arc(
    cos2_alpha double precision, sigma double precision, sin_sigma double precision,
    cos_sigma double precision, cos_2m double precision
) returns double precision
language sql immutable strict parallel safe
as $$
    select 6356752.314245179 * m.a * (sigma - m.b * sin_sigma * (
        cos_2m + m.b / 4 * (
            cos_sigma * (2 * cos_2m ^ 2 - 1)
            - m.b / 6 * cos_2m * (4 * sin_sigma ^ 2 - 3) * (4 * cos_2m ^ 2 - 3)
        )
    ))
    from @extschema@._geo_meridional(
        cos2_alpha * (6378137.0 ^ 2 / 6356752.314245179 ^ 2 - 1)
    ) as m
$$;

-- Where a geodesic that leaves reduced latitude u1 at an azimuth reaches u2 (u1 <= 0, and u2 not
-- farther from the equator): how far that is, and the longitude gained.
create function @extschema@._geo_shot(
    u1 double precision, u2 double precision, azimuth double precision,
    out distance double precision, out span double precision, out arrival double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    f constant double precision := 1 / 298.257223563;
    sin_alpha double precision := sin(azimuth) * cos(u1);
    cos2_alpha double precision := 1 - (sin(azimuth) * cos(u1)) ^ 2;
    cos_arrival double precision;
    s1 double precision;
    s2 double precision;
    sigma double precision;
    c double precision;
    lambda double precision;
begin
    cos_arrival := sqrt(greatest(0, (cos(azimuth) * cos(u1)) ^ 2 + cos(u2) ^ 2 - cos(u1) ^ 2));
    arrival := atan2(sin_alpha, cos_arrival);
    s1 := atan2(sin(u1), cos(u1) * cos(azimuth));
    s2 := atan2(sin(u2), cos_arrival);
    sigma := s2 - s1;
    lambda := atan2(sin_alpha * sin(s2), cos(s2)) - atan2(sin_alpha * sin(s1), cos(s1));
    if lambda < 0 then
        lambda := lambda + 2 * pi();
    end if;
    c := f / 16 * cos2_alpha * (4 + f * (4 - 3 * cos2_alpha));
    span := lambda - (1 - c) * f * sin_alpha * (
        sigma + c * sin(sigma) * (
            cos(s1 + s2) + c * cos(sigma) * (2 * cos(s1 + s2) ^ 2 - 1)
        )
    );
    distance := @extschema@._geo_arc(cos2_alpha, sigma, sin(sigma), cos(sigma), cos(s1 + s2));
end
$$;

-- Karney (2013) shows that, from the end farther from the equator, exactly one azimuth reaches a
-- given longitude first, and that longitude grows with azimuth.
create function @extschema@._geo_antipodal(
    u1 double precision, u2 double precision, span double precision,
    out distance double precision, out azimuth1 double precision, out azimuth2 double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    is_swapped boolean := abs(u1) < abs(u2);
    near double precision := case when is_swapped then u2 else u1 end;
    far double precision := case when is_swapped then u1 else u2 end;
    is_mirrored boolean := near >= 0;
    low double precision := 0;
    high double precision := pi();
    middle double precision;
    shot record;
begin
    if is_mirrored then
        near := -near;
        far := -far;
    end if;
    -- On the equator itself, an arc of nothing would count as having arrived.
    near := least(near, -1e-12);
    for step in 1 .. 60 loop
        middle := (low + high) / 2;
        shot := @extschema@._geo_shot(near, far, middle);
        if shot.span < abs(span) then
            low := middle;
        else
            high := middle;
        end if;
    end loop;
    distance := shot.distance;
    azimuth1 := case when is_mirrored then pi() - middle else middle end;
    azimuth2 := case when is_mirrored then pi() - shot.arrival else shot.arrival end;
    if is_swapped then
        middle := azimuth1;
        azimuth1 := pi() - azimuth2;
        azimuth2 := pi() - middle;
    end if;
    if span < 0 then
        azimuth1 := -azimuth1;
        azimuth2 := -azimuth2;
    end if;
end
$$;

-- The point that lies so many metres from a point (degrees) at an azimuth (radians).
create function @extschema@._geo_direct(
    lon double precision, lat double precision, azimuth double precision,
    metres double precision, out x double precision, out y double precision
)
language plpgsql immutable strict parallel safe
as $$
declare
    f constant double precision := 1 / 298.257223563;
    b constant double precision := 6356752.314245179;
    u double precision := atan((1 - f) * tan(radians(lat)));
    sin_alpha double precision := cos(u) * sin(azimuth);
    cos2_alpha double precision := 1 - (cos(u) * sin(azimuth)) ^ 2;
    s1 double precision := atan2(tan(u), cos(azimuth));
    m record := @extschema@._geo_meridional(
        (1 - (cos(u) * sin(azimuth)) ^ 2) * (6378137.0 ^ 2 / 6356752.314245179 ^ 2 - 1)
    );
    sigma double precision := metres / (b * m.a);
    before double precision;
    c double precision := f / 16 * cos2_alpha * (4 + f * (4 - 3 * cos2_alpha));
    cos_2m double precision;
begin
    for step in 1 .. 40 loop
        cos_2m := cos(2 * s1 + sigma);
        before := sigma;
        sigma := metres / (b * m.a) + m.b * sin(sigma) * (
            cos_2m + m.b / 4 * (
                cos(sigma) * (2 * cos_2m ^ 2 - 1)
                - m.b / 6 * cos_2m * (4 * sin(sigma) ^ 2 - 3) * (4 * cos_2m ^ 2 - 3)
            )
        );
        exit when abs(sigma - before) < 1e-14;
    end loop;
    cos_2m := cos(2 * s1 + sigma);
    y := degrees(atan2(
        sin(u) * cos(sigma) + cos(u) * sin(sigma) * cos(azimuth),
        (1 - f) * sqrt(
            sin_alpha ^ 2
            + (sin(u) * sin(sigma) - cos(u) * cos(sigma) * cos(azimuth)) ^ 2
        )
    ));
    x := lon + degrees(
        atan2(
            sin(sigma) * sin(azimuth),
            cos(u) * cos(sigma) - sin(u) * sin(sigma) * cos(azimuth)
        )
        - (1 - c) * f * sin_alpha * (
            sigma + c * sin(sigma) * (cos_2m + c * cos(sigma) * (2 * cos_2m ^ 2 - 1))
        )
    );
    x := x - 360 * round(x / 360);
end
$$;

-- Metres on the sphere of PostGIS: its radius is the mean of WGS 84's.
create function @extschema@._geo_sphere_distance(
    lon1 double precision, lat1 double precision, lon2 double precision, lat2 double precision
) returns double precision
language sql immutable strict parallel safe
as $$
    select 6371008.771415059 * 2 * asin(least(1, sqrt(
        sin(radians(lat2 - lat1) / 2) ^ 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ^ 2
    )))
$$;

create function @extschema@._geo_metres(
    lon1 double precision, lat1 double precision, lon2 double precision, lat2 double precision,
    use_spheroid boolean
) returns double precision
language sql immutable strict parallel safe
as $$
    select case
        when use_spheroid
            then (@extschema@._geo_inverse(lon1, lat1, lon2, lat2)).distance
        else @extschema@._geo_sphere_distance(lon1, lat1, lon2, lat2)
    end
$$;
