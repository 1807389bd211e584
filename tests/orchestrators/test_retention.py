"""A run of retention: page by page, a few at a time, state last; what fails is told and stops nothing else."""

from armature.errors import FailureClass, failure
from armature.messages import Answer
from armature.retention import RetentionRule
from armature.retention_run import (
    MAX_TROUBLES,
    PageAnswer,
    PlanAnswer,
    RemovalAnswer,
    RetentionInput,
    Tally,
    Trouble,
)
from orchestrators.retention import AT_ONCE, ROUNDS_PER_PLACE, blueprint
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

RULE = RetentionRule(cutoff=START, keep_completed=5)
REFUSED = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "No right.")
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")


def simulation(removals: int = 0, places: int = 1, page: int = 10, *, dry_run: bool = False, **responds) -> Simulation:
    ids = [f"d-{number:03}" for number in range(removals)]
    answers = {
        "plan_retention": lambda _: PlanAnswer(rule=RULE, removals=removals, places=places).dump(),
        "list_removals": lambda w: PageAnswer(deployment_ids=tuple(ids[w["offset"] : w["offset"] + page])).dump(),
        "remove_deployment": lambda _: RemovalAnswer(is_going=True, removed=Tally(containers=1, size=7)).dump(),
        "purge_histories": lambda _: RemovalAnswer(is_going=True, removed=Tally(instances=3)).dump(),
        "forget_deployment": lambda _: RemovalAnswer(removed=Tally(deployments=1)).dump(),
        "remove_unused": lambda _: RemovalAnswer(removed=Tally(packages=1)).dump(),
        "record_retention": lambda _: Answer().dump(),
        **responds,
    }
    work = RetentionInput(run="20260101-000000-00000001", dry_run=dry_run)
    return Simulation(orchestrator_of(blueprint, "retention"), work.dump(), answers, instance_id="retention")


def ids_of(run: Simulation, activity: str) -> list[str]:
    return [work["deploymentId"] for work in run.called(activity)]


def test_each_deployment_is_removed_its_histories_purged_and_its_state_deleted_in_that_order():
    run = simulation(removals=2)

    output = run.run()

    steps = ["remove_deployment", "purge_histories", "forget_deployment"]
    assert [call.name for call in run.calls if call.name in steps] == [step for step in steps for _ in range(2)]
    assert (output["deployments"], output["instances"], output["containers"], output["size"]) == (2, 6, 2, 14)
    assert run.called("record_retention")[-1]["isOver"]


def test_many_are_removed_a_few_at_a_time_and_the_history_stays_short():
    at_work: list[str] = []

    def remove(work):
        at_work.append(work["deploymentId"])
        return Lasting(RemovalAnswer(is_going=True).dump(), 60)

    run = simulation(removals=95, remove_deployment=remove)

    run.run()

    times = [call.at for call in run.calls if call.name == "remove_deployment"]
    assert max(sum(abs((other - time).total_seconds()) < 30 for other in times) for time in times) <= AT_ONCE
    assert ids_of(run, "forget_deployment") == at_work == [f"d-{number:03}" for number in range(95)]
    assert run.executions == 11
    assert run.longest_history < 200


def test_what_is_unused_goes_after_the_deployments_in_every_place_and_in_the_apps_own_storage_last():
    run = simulation(removals=1, places=2)

    output = run.run()

    assert [work.get("place") for work in run.called("remove_unused")] == [0, 1, None]
    names = [call.name for call in run.calls]
    assert names.index("remove_unused") > names.index("forget_deployment")
    assert output["packages"] == 3


def test_what_is_unused_is_removed_part_by_part_but_not_for_ever():
    run = simulation(places=0, remove_unused=lambda _: RemovalAnswer(is_going=True, removed=Tally(bundles=1)).dump())

    output = run.run()

    assert output["bundles"] == ROUNDS_PER_PLACE


def test_a_dry_run_only_decides():
    run = simulation(removals=5, dry_run=True)

    run.run()

    assert [call.name for call in run.calls] == ["plan_retention", "record_retention"]


def test_one_that_stays_after_all_keeps_its_histories_and_its_state():
    stays = RemovalAnswer(is_going=False).dump()
    run = simulation(
        removals=2,
        remove_deployment=lambda w: stays if w["deploymentId"] == "d-000" else RemovalAnswer(is_going=True).dump(),
    )

    run.run()

    assert ids_of(run, "purge_histories") == ids_of(run, "forget_deployment") == ["d-001"]


def test_one_that_fails_is_told_and_the_others_go_on():
    def remove(work):
        is_bad = work["deploymentId"] == "d-000"
        return RemovalAnswer(failure=REFUSED).dump() if is_bad else RemovalAnswer(is_going=True).dump()

    def forget(work):
        if work["deploymentId"] == "d-001":
            raise RuntimeError("the worker died")
        return RemovalAnswer(removed=Tally(deployments=1)).dump()

    run = simulation(removals=3, remove_deployment=remove, forget_deployment=forget)

    output = run.run()

    end = run.called("record_retention")[-1]
    assert [(trouble["subject"], trouble["code"]) for trouble in end["troubles"]] == [
        ("d-000", "AuthorizationFailed"),
        ("d-001", "ActivityLost"),
    ]
    assert "failure" not in end
    assert output["deployments"] == 1


def test_of_many_troubles_the_first_are_told_and_all_are_counted():
    trouble = Trouble(subject="an entry", code="AuthorizationFailed", message="No right.")
    run = simulation(removals=50, remove_deployment=lambda _: RemovalAnswer(is_going=True, troubles=(trouble,)).dump())

    run.run()

    end = run.called("record_retention")[-1]
    assert (len(end["troubles"]), end["troublesFound"]) == (MAX_TROUBLES, 50)


def test_a_plan_that_can_not_be_made_ends_the_run_as_failed():
    run = simulation(plan_retention=lambda _: PlanAnswer(failure=REFUSED).dump())

    run.run()

    assert [call.name for call in run.calls] == ["plan_retention", "record_retention"]
    assert run.called("record_retention")[0]["failure"]["code"] == "AuthorizationFailed"


def test_a_plan_is_made_again_when_that_can_help():
    answers = [PlanAnswer(rule=RULE).dump(), PlanAnswer(failure=BUSY).dump()]
    run = simulation(plan_retention=lambda _: answers.pop())

    run.run()

    assert "failure" not in run.called("record_retention")[-1]


def test_a_fault_of_the_orchestrator_itself_is_recorded():
    run = simulation(removals=1, list_removals=lambda _: {"unknown": "field"})

    run.run()

    assert run.called("record_retention")[-1]["failure"]["code"] == "OrchestrationFault"
