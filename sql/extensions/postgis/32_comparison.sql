-- Equality is of every byte, as in PostGIS; the order is of bytes, which PostGIS's is not.

do $$
declare
    comparison record;
    kind text;
begin
    foreach kind in array array['geometry', 'geography'] loop
        for comparison in
            select c.name, c.symbol, c.commutator, c.negator
            from (
                values
                ('lt', '<', '>', '>='), ('le', '<=', '>=', '>'), ('eq', '=', '=', null),
                ('ge', '>=', '<=', '<'), ('gt', '>', '<', '<=')
            ) as c (name, symbol, commutator, negator)
        loop
            execute format(
                case kind
                    when 'geometry' then
                        'create function @extschema@.%1$s_%2$s('
                        'geom1 @extschema@.%1$s, geom2 @extschema@.%1$s)'
                    else 'create function @extschema@.%1$s_%2$s(@extschema@.%1$s, @extschema@.%1$s)'
                end
                || ' returns boolean language internal immutable strict parallel safe as %3$L',
                kind, comparison.name, 'bytea' || comparison.name
            );
            execute format(
                'create operator @extschema@.%1$s ('
                'leftarg = @extschema@.%2$s, rightarg = @extschema@.%2$s,'
                ' function = @extschema@.%2$s_%3$s, commutator = operator(@extschema@.%4$s) %5$s,'
                ' restrict = contsel, join = contjoinsel)',
                comparison.symbol, kind, comparison.name, comparison.commutator,
                ', negator = operator(@extschema@.' || comparison.negator || ')'
            );
        end loop;
        execute format(
            case kind
                when 'geometry' then
                    'create function @extschema@.%1$s_cmp('
                    'geom1 @extschema@.%1$s, geom2 @extschema@.%1$s)'
                else 'create function @extschema@.%1$s_cmp(@extschema@.%1$s, @extschema@.%1$s)'
            end
            || ' returns integer language internal immutable strict parallel safe as ''byteacmp''',
            kind
        );
        execute format(
            'create operator class @extschema@.btree_%1$s_ops default'
            ' for type @extschema@.%1$s using btree as'
            ' operator 1 @extschema@.<, operator 2 @extschema@.<=, operator 3 @extschema@.=,'
            ' operator 4 @extschema@.>=, operator 5 @extschema@.>,'
            ' function 1 @extschema@.%1$s_cmp(@extschema@.%1$s, @extschema@.%1$s)',
            kind
        );
    end loop;
end
$$;

create function @extschema@.geometry_hash(@extschema@.geometry) returns integer
language internal immutable strict parallel safe
as 'hashbytea';

create function @extschema@._geo_hash_of_geography(@extschema@.geography) returns integer
language internal immutable strict parallel safe
as 'hashbytea';

create operator class @extschema@.hash_geometry_ops
default for type @extschema@.geometry using hash as
operator 1 @extschema@.=,
function 1 @extschema@.geometry_hash(@extschema@.geometry);
