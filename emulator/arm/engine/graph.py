"""The order of a template's resources: dependsOn, references by name, and batches of serial loops."""

from graphlib import CycleError, TopologicalSorter

from emulator.arm.engine.instance import Instance
from emulator.arm.engine.names import Names
from emulator.arm.errors import invalid_template


def edges_of(instances: list[Instance], names: Names) -> dict[Instance, set[Instance]]:
    """For each instance that will run, those that must have succeeded before.

    Raises InvalidTemplate for a dependency that the template does not define and for a circle.
    """
    own = set(instances)
    edges: dict[Instance, set[Instance]] = {}
    for instance in instances:
        if instance.is_run:
            wanted = _explicit(instance, names) | _implicit(instance, names) | _earlier_batch(instance, instances)
            edges[instance] = {other for other in wanted if other.is_run and other in own}
    _check_circles(edges)
    return edges


def _explicit(instance: Instance, names: Names) -> set[Instance]:
    wanted: set[Instance] = set()
    for name in instance.depends_on:
        found = names.find(name)
        if not found and not names.is_empty_loop(name):
            message = (
                f"The resource '{name.rpartition('/providers/')[2]}' is not defined in the template. "
                "Please see https://aka.ms/arm-syntax for usage details."
            )
            raise invalid_template(message)
        wanted.update(found)
    return wanted


def _implicit(instance: Instance, names: Names) -> set[Instance]:
    return {other for name in instance.references for other in names.find(name)} - {instance}


def _earlier_batch(instance: Instance, instances: list[Instance]) -> set[Instance]:
    if instance.batch is None:
        return set()
    number = instance.loop_index // instance.batch
    return {
        other
        for other in instances
        if other.path == instance.path and other.batch is not None and other.loop_index // instance.batch == number - 1
    }


def _check_circles(edges: dict[Instance, set[Instance]]) -> None:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as circle:
        ids = [str(instance.id) for instance in circle.args[1]]
        message = (
            f"Circular dependency detected on resource: '{ids[0]}'. Please see "
            "https://aka.ms/arm-syntax-resources for usage details."
        )
        raise invalid_template(message) from circle
