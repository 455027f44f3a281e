"""Files: what each persona can do to the objects of each bucket, by folder and by owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prospectr_db.access.matrix.matrix import Cell, TableAccess, Verdict, collapse
from prospectr_db.access.matrix.row_classes import FILES, plainer
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import SERVICE_ROLE, Persona
from prospectr_db.access.policies.spelling import stated, stated_policies
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.services.storage_probes import (
    first_probes,
    moves,
    takeovers,
    upload,
    whose,
)
from prospectr_db.access.services.storage_refusals import put_files, without_refusals
from prospectr_db.access.services.storage_unseen import unseen_file_policies
from prospectr_db.access.services.storage_world import (
    ANY_OTHER,
    Folder,
    Stored,
    files_in,
    find_folders,
)
from prospectr_db.access.tables.summing_up import policy_text, read_conditions
from prospectr_db.database.catalog import Relation

__all__ = ["observe_storage"]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What there is to try, and what a superuser's statements did: the control."""

    observation: Observation
    objects: Relation
    folders: Sequence[Folder]
    files: Sequence[Stored]
    control: dict[str, Outcome] = field(default_factory=dict)


def observe_storage(observation: Observation, personas: Sequence[Knocker]) -> Iterator[TableAccess]:
    """Yield the access to storage.objects, where the project has a bucket or a policy on it."""
    objects = observation.catalog.by_label.get(FILES)
    if objects is None:
        return
    folders = find_folders(observation, objects)
    if not folders:
        return
    wanted = files_in(observation, objects, folders)
    files, refused = put_files(observation, objects, wanted)
    scene = _Scene(observation, objects, folders, files)
    tried = [knocker for knocker in personas if knocker.visits(objects.oid)]
    with without_refusals(observation, objects, refusing=bool(refused)):
        cells = [cell for knocker in tried for cell in _cells(scene, knocker)]
    unseen = unseen_file_policies(observation, objects, folders, files, tried, cells)
    order = {column.name: column.number for column in objects.columns}
    yield TableAccess(
        relation=FILES,
        kind="table",
        owner_path="folder or owner",
        owned=True,
        rls=objects.rls,
        accesses=collapse(cells, order),
        policies=tuple(policy_text(objects, policy) for policy in objects.policies),
        reads=read_conditions(objects),
        spellings=stated_policies(objects, observation.helpers),
        unseen=tuple(sorted(stated(objects, one, observation.helpers) for one in unseen)),
        untried=tuple(sorted(one.name for one in unseen if one.permissive)),
        hindered={name: why for name, why in refused.items() if name != ANY_OTHER},
        public_rows=tuple(f"other in {folder.label}" for folder in folders if folder.public),
        tried=frozenset(
            cell.rows.partition(" [")[2].rstrip("]") for cell in cells if " [" in cell.rows
        ),
    )


def _cells(scene: _Scene, knocker: Knocker) -> Iterator[Cell]:
    """Yield what one persona can do; takeovers and moves only where they tell more."""
    observation, objects = scene.observation, scene.objects
    tried = list(first_probes(observation, objects, scene.folders, scene.files, knocker))
    probes = [probe for probe, _ in tried]
    outcomes = run(observation, knocker.persona, probes)
    _prove(scene, probes)
    refused: list[Stored] = []
    changeable: list[Stored] = []
    told: dict[tuple[str, str], Cell] = {}
    for (probe, file), outcome in zip(tried, outcomes, strict=True):
        cell = _cell(knocker, probe, outcome, scene.control.get(probe.statement))
        key = (probe.rows, probe.command)
        if probe.command == "update" and file is not None:
            (changeable if cell.verdict is Verdict.ALLOWED else refused).append(file)
        if probe.command == "insert" and cell.form == "own name":
            if cell.verdict is Verdict.ALLOWED and told[key].verdict is not Verdict.ALLOWED:
                told[key] = cell
            continue
        told[key] = cell
    if knocker.persona.role == SERVICE_ROLE:
        # What it may in any bucket says nothing that its own do not.
        yield from (cell for cell in told.values() if f" in {ANY_OTHER}/" not in cell.rows)
        return
    yield from _with_takeovers(scene, knocker, told, refused)
    yield from _moved(scene, knocker, changeable)


def _prove(scene: _Scene, probes: Sequence[Probe]) -> None:
    """Run as a superuser what was not yet, whoever tries it."""
    new = list({p.statement: p for p in probes if p.statement not in scene.control}.values())
    persona = Persona("control", scene.observation.superuser, None)
    outcomes = run(scene.observation, persona, new)
    scene.control.update({p.statement: o for p, o in zip(new, outcomes, strict=True)})


def _with_takeovers(
    scene: _Scene,
    knocker: Knocker,
    told: Mapping[tuple[str, str], Cell],
    refused: Sequence[Stored],
) -> Iterator[Cell]:
    """Yield the cells, with what can be changed or removed in other ways than the plain one."""
    observation, objects = scene.observation, scene.objects
    tried = list(takeovers(observation, objects, scene.folders, scene.files, knocker, refused))
    outcomes = run(observation, knocker.persona, [probe for probe, _ in tried])
    found = dict(told)
    blind: dict[tuple[str, str], Cell] = {}
    for (probe, file), outcome in zip(tried, outcomes, strict=True):
        reached = [s for s in scene.files if s.id in outcome.labels and outcome.state is None]
        for each in reached if file is None else [file] if file in reached else []:
            key = (each.rows(whose(knocker)), probe.command)
            if key not in found or found[key].verdict is Verdict.ALLOWED:
                continue
            cell = Cell(
                knocker.name, key[0], key[1], probe.form, None, Verdict.ALLOWED, probe.statement
            )
            if file is None:
                blind.setdefault(key, cell)
            else:
                found[key] = cell
    blind = {key: c for key, c in blind.items() if found[key].verdict is not Verdict.ALLOWED}
    for key in list(blind):
        plain = plainer(key[0]), key[1]
        if plain != key and (plain in blind or found[plain].verdict is Verdict.ALLOWED):
            # As the usual file: that no condition can be sent with it is not a state's doing.
            del blind[key], found[key]
    yield from found.values()
    yield from blind.values()


def _moved(scene: _Scene, knocker: Knocker, changeable: Sequence[Stored]) -> Iterator[Cell]:
    """Yield where files can be moved that could not be uploaded there, or become public by it."""
    observation, objects = scene.observation, scene.objects
    tried = list(moves(observation, objects, scene.folders, scene.files, knocker, changeable))
    outcomes = run(observation, knocker.persona, [probe for probe, _, _ in tried])
    through = [
        (*one, outcome)
        for one, outcome in zip(tried, outcomes, strict=True)
        if outcome.state is None and one[0].row in outcome.labels
    ]
    uploads = [upload(observation, objects, file, goal, knocker) for _, file, goal, _ in through]
    anyway = run(observation, knocker.persona, uploads)
    told: set[str] = set()
    for (probe, file, goal, _), other in zip(through, anyway, strict=True):
        opened = isinstance(goal, Folder) and goal.public and not file.folder.public
        if probe.rows in told or (other.state is None and not opened):
            continue
        told.add(probe.rows)
        yield _move_cell(knocker, probe, Verdict.ALLOWED)
    rows = {probe.rows for probe, _, _, _ in through}
    for probe, _, _ in tried:
        # Otherwise the usual file would speak for one in a state that cannot be moved.
        if probe.form == "where" and probe.rows not in rows and plainer(probe.rows) in told:
            yield _move_cell(knocker, probe, Verdict.REJECTED)


def _move_cell(knocker: Knocker, probe: Probe, verdict: Verdict) -> Cell:
    known = knocker.name, probe.rows, probe.command
    return Cell(*known, "where", None, verdict, probe.statement)


def _cell(knocker: Knocker, probe: Probe, outcome: Outcome, control: Outcome | None) -> Cell:
    verdict = _verdict(probe, outcome, control)
    # A row that refers to the file refuses its removal: whoever gets as far may remove others.
    kept = probe.command == "delete" and outcome.state == "23503" and not outcome.from_function
    return Cell(
        knocker.name,
        probe.rows,
        probe.command,
        probe.form,
        None,
        verdict,
        probe.statement,
        outcome.message,
        outcome.state,
        outcome.constraint,
        kept,
    )


def _verdict(probe: Probe, outcome: Outcome, control: Outcome | None) -> Verdict:
    if outcome.state is None:
        if _got_through(probe, outcome):
            return Verdict.ALLOWED
        proven = control is None or control.state or _got_through(probe, control)
        return Verdict.FILTERED if proven else Verdict.UNPROVEN
    if outcome.state == "42501":
        rejected = "row-level security" in (outcome.message or "")
        return Verdict.REJECTED if rejected else Verdict.DENIED
    return Verdict.REFUSED


def _got_through(probe: Probe, outcome: Outcome) -> bool:
    return probe.row in outcome.labels if probe.question else outcome.touched > 0
