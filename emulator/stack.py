"""The whole emulator: Azurite, identity, ARM and the Functions host, joined by the settings that the app reads."""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Self
from urllib.parse import urlsplit

from emulator.app_hosts import AppHosts, host_name
from emulator.arm_process import arm_command, serves
from emulator.clouds import CLOUDS, PUBLIC, Cloud
from emulator.faults.folder import FaultFolder, read_fault_file
from emulator.faults.model import FaultFile
from emulator.foundation import PRINCIPAL, TENANT, Foundation, emulator_environment
from emulator.private_files import write_for_owner
from emulator.processes import Child, Supervisor, free_port, is_port_free
from emulator.reviving import Reviver

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


class StackError(Exception):
    """The stack can't be started: another one uses its state folder, or a port is taken."""


@dataclass(frozen=True)
class Ports:
    """Ports on 127.0.0.1; 0 is any free one."""

    functions: int = 0
    arm: int = 0
    identity: int = 0
    blob: int = 0
    queue: int = 0


@dataclass(frozen=True)
class StackOptions:
    """What to run, and where its files go.

    `cloud` is the name of the one that is emulated: its audiences, regions, suffixes and settings of the app.
    `scale` multiplies every provisioning time of ARM. `extra_settings` are added to the app's settings, and win.
    `witness` is a file for the secrets that the run uses, for tests only (see emulator.witness). `faults` are put in
    place of those that an earlier run left in the state folder. With `revive`, Resource Manager and the Functions host
    are started again when they end by themselves, as when a fault kills them. `hosts` is how many processes run the
    app, on one task hub; with `require_keys` they ask for function keys as in Azure.
    """

    state: Path
    app_root: Path
    ports: Ports = Ports()
    scale: float = 0.05
    extra_settings: Mapping[str, str] = field(default_factory=dict)
    subscriptions: tuple[str, ...] = (SUBSCRIPTION,)
    cloud: str = PUBLIC.name
    tenant: str = TENANT
    principal: str = PRINCIPAL
    witness: Path | None = None
    faults: FaultFile | Path | None = None
    revive: bool = False
    hosts: int = 1
    require_keys: bool = False


class Stack:
    """A running emulator.

    `with Stack(StackOptions(state=folder, app_root=repository)) as stack:` starts everything and stops it at the end.
    The state folder outlives it: a later stack there finds the same blobs, queues and orchestrations.
    """

    def __init__(self, options: StackOptions) -> None:
        self.options = options
        self.state = options.state.resolve()
        self.supervisor = Supervisor(self.state / "logs")
        self.foundation = Foundation(
            state=self.state,
            supervisor=self.supervisor,
            cloud=_cloud_named(options.cloud),
            tenant=options.tenant,
            principal=options.principal,
            blob_port=options.ports.blob or self._earlier_port("blob"),
            queue_port=options.ports.queue or self._earlier_port("queue"),
            witness=options.witness,
            identity_port=options.ports.identity,
        )
        first, *others = (free_port() for _ in range(options.hosts))
        self._hosts = AppHosts(
            self.supervisor,
            options.app_root,
            self.state / "host.sqlite",
            (options.ports.functions or first, *others),
            require_keys=options.require_keys,
        )
        self._arm_port = options.ports.arm or self._earlier_port("arm") or free_port()
        self.faults = FaultFolder(self.state)
        self._lock: IO[str] | None = None
        self._changing = threading.RLock()
        launch: dict[str, Callable[[], Child]] = {"arm": self._launch_arm}
        launch |= {host_name(index): partial(self._launch_host, index) for index in range(options.hosts)}
        revived = {name: partial(self._launch_again, again) for name, again in launch.items()}
        self._reviver = Reviver(self.supervisor, revived if options.revive else {}, self._changing)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host_url(self) -> str:
        """The first Functions host, without a path."""
        return self.host_urls[0]

    @property
    def host_urls(self) -> list[str]:
        """Every Functions host, without a path."""
        return self._hosts.urls

    @property
    def function_key(self) -> str | None:
        """What a client has to send as x-functions-key, None when the hosts ask for nothing."""
        return self._hosts.function_key

    @property
    def api_url(self) -> str:
        """The app's API: what the command line takes as ARMATURE_API_URL."""
        return f"{self.host_url}/api"

    @property
    def arm_url(self) -> str:
        """The Resource Manager endpoint."""
        return f"https://127.0.0.1:{self._arm_port}"

    @property
    def blob_endpoint(self) -> str:
        """Azurite's blob service, to be followed by the account's name."""
        return self.foundation.storage.blob

    @property
    def app_settings(self) -> dict[str, str]:
        """The app's settings. They hold secrets: never print them."""
        return {
            **self.foundation.settings,
            "ARMATURE_ARM_ENDPOINT": self.arm_url,
            "ARMATURE_DEFAULT_LOCATION": self.foundation.cloud.default_location,
            **self.options.extra_settings,
        }

    @property
    def client_settings(self) -> dict[str, str]:
        """What the command line needs: the API and its key, if any, the subscription, whom to trust when it uploads."""
        trust = self.foundation.settings["REQUESTS_CA_BUNDLE"]
        key = {} if self.function_key is None else {"ARMATURE_FUNCTION_KEY": self.function_key}
        return {
            **key,
            "ARMATURE_API_URL": self.api_url,
            "ARMATURE_SUBSCRIPTION": self.options.subscriptions[0],
            "REQUESTS_CA_BUNDLE": trust,
            "SSL_CERT_FILE": trust,
        }

    def start(self) -> None:
        """Start everything; return when all of it serves, or stop what was started and raise.

        Raises StackError, AzuriteMissingError, FaultFileError, or ChildError with the last lines of the log of what
        failed.
        """
        self._take_state_folder()
        try:
            self._load_faults()
            self._check_ports()
            self.foundation.start()
            arm = self._launch_arm()
            hosts = [self._launch_host(index) for index in range(self.options.hosts)]
            arm.wait_until(self._arm_serves)
            for index, host in enumerate(hosts):
                host.wait_until(partial(self._hosts.is_running, host, index))
            self._write_addresses()
            self._remember_ports()
            self._reviver.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything and release the state folder. A second time is harmless."""
        self._reviver.stop()
        self.supervisor.stop()
        if self._lock is not None:
            self._addresses_file.unlink(missing_ok=True)
            self._key_file.unlink(missing_ok=True)
            self.foundation.header_file.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def kill_host(self, index: int = 0) -> None:
        """End a Functions host as a power cut would (SIGKILL)."""
        with self._changing:
            self.supervisor.kill(host_name(index))

    def start_host(self, index: int = 0) -> None:
        """Start a Functions host again, on the same port and database; return when it runs."""
        with self._changing:
            host = self._launch_host(index)
        host.wait_until(lambda: self._hosts.is_running(host, index))
        self._write_addresses()

    def kill_arm(self) -> None:
        """End Resource Manager as a power cut would (SIGKILL)."""
        with self._changing:
            self.supervisor.kill("arm")

    def start_arm(self) -> None:
        """Start Resource Manager again, on the same port and database; return when it serves."""
        with self._changing:
            arm = self._launch_arm()
        arm.wait_until(self._arm_serves)
        self._write_addresses()

    def check(self) -> None:
        """Raise ChildError when a part has ended by itself that is not started again."""
        self.supervisor.check(but=self._reviver.cares_for)

    @property
    def revived(self) -> list[str]:
        """The parts that were started again because they had ended, in order."""
        return list(self._reviver.revived)

    def _load_faults(self) -> None:
        given = self.options.faults
        if given is not None:
            self.faults.load(read_fault_file(given) if isinstance(given, Path) else given)

    def _launch_arm(self) -> Child:
        options = self.options
        command = arm_command(self.foundation, self._arm_port, scale=options.scale, subscriptions=options.subscriptions)
        return self.supervisor.start("arm", command, environment=self.foundation.service_environment)

    def _launch_host(self, index: int) -> Child:
        environment = {**emulator_environment(), **self.foundation.fault_environment, **self.app_settings}
        return self._hosts.launch(index, environment)

    def _launch_again(self, launch: Callable[[], Child]) -> Child:
        child = launch()
        self._write_addresses()
        return child

    def _arm_serves(self) -> bool:
        return serves(self.foundation, self._arm_port)

    def _check_ports(self) -> None:
        taken = [port for port in (*self._hosts.ports, self._arm_port) if not is_port_free(port)]
        if taken:
            raise StackError(f"port {taken[0]} of 127.0.0.1 is in use: choose another one, or 0 for any free one")

    def _earlier_port(self, service: str) -> int:
        """The port that a service had in an earlier run: what is deployed knows it by its address. 0: it is taken."""
        try:
            port = int(json.loads(self._ports_file.read_text())[service])
        except (FileNotFoundError, KeyError, ValueError):
            return 0
        return port if is_port_free(port) else 0

    def _remember_ports(self) -> None:
        storage = self.foundation.storage
        urls = {"arm": self.arm_url, "blob": storage.blob, "queue": storage.queue}
        self._ports_file.write_text(json.dumps({service: urlsplit(url).port for service, url in urls.items()}))

    @property
    def _ports_file(self) -> Path:
        return self.state / "ports.json"

    def _take_state_folder(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self._lock = (self.state / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            self._lock.close()
            self._lock = None
            raise StackError(f"another emulator runs in {self.state}: stop it, or use another state folder") from busy

    @property
    def _addresses_file(self) -> Path:
        return self.state / "stack.json"

    def _write_addresses(self) -> None:
        """Addresses and process ids, for people and scripts; no secret, and for the owner's eyes all the same."""
        content = {
            "api": self.api_url,
            "hosts": self.host_urls,
            "arm": self.arm_url,
            "blob": self.foundation.storage.blob,
            "queue": self.foundation.storage.queue,
            "identity": self.foundation.settings["IDENTITY_ENDPOINT"],
            "cloud": self.options.cloud,
            "trust": str(self.foundation.certificates.trust_bundle),
            "subscriptions": list(self.options.subscriptions),
            "tenant": self.options.tenant,
            "supervisor": os.getpid(),
            "processes": {name: child.pid for name, child in self.supervisor.children.items()},
        }
        write_for_owner(self._addresses_file, json.dumps(content, indent=1))
        if self.function_key is not None:
            write_for_owner(self._key_file, self.function_key)

    @property
    def _key_file(self) -> Path:
        return self.state / "function-key"


def _cloud_named(name: str) -> Cloud:
    if name not in CLOUDS:
        raise StackError(f"there is no cloud {name}: choose one of {', '.join(CLOUDS)}")
    return CLOUDS[name]
