"""Users in a table over HTTP: two hosts that agree, and a store that stops and starts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import bcrypt
import httpx
import pytest

from shared.auth.users import User, UserTable
from shared.tables import Account, Table
from shared.threads import Threads
from tests.loop import run
from tests.services import PROJECT, Service, serving
from tools import azurite

PASSWORD = "correct horse battery"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
ROW = {"instances": [{"x": 0.25}]}
HOME, AWAY = "203.0.113.7:1", "198.51.100.7:1"


class Store:
    """An Azurite that the tests stop and start again, on the same port with the same data."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = azurite.available_port(0)
        self.connection = azurite.connection_string(self.port)
        self.start()

    def start(self) -> None:
        self.process = azurite.start(self.port, self.data)
        azurite.wait_until_ready(self.process, self.port)

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    azurite.install()
    running = Store(tmp_path_factory.mktemp("azurite"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def users(store: Store) -> Iterator[UserTable]:
    """The users in the table."""
    threads = Threads()
    table = Table("users", Account(store.connection), threads.tables)
    run(table.create())
    yield UserTable(table)
    threads.close()


@pytest.fixture(scope="module")
def environ(works: Mapping[str, str], store: Store, users: UserTable) -> Mapping[str, str]:
    """App settings of a service with its users in the table."""
    return {**works, "USERS": "{}", "USERS_TABLE": "users", "STORAGE_CONNECTION": store.connection}


@pytest.fixture(scope="module")
def hosts(environ: Mapping[str, str]) -> Iterator[tuple[Service, Service]]:
    """Two hosts with one table."""
    with serving(environ) as first, serving(environ) as second:
        yield first, second


@pytest.fixture
def name(users: UserTable) -> str:
    """A new user's name."""
    name = f"user-{uuid4()}"
    assert run(users.add(User(name, HASH)))
    return name


def login(host: Service, name: str, password: str = PASSWORD, client: str = HOME) -> httpx.Response:
    form = {"grant_type": "password", "username": name, "password": password}
    return httpx.post(f"{host.url}/token", data=form, headers={"X-Forwarded-For": f"10.0.0.1, {client}"}, timeout=20)


def predict(host: Service, token: str) -> int:
    with host.client(token) as client:
        return client.post("/predict", json=ROW).status_code


def users_tool(environ: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "tools", "users", *arguments]
    return subprocess.run(command, cwd=PROJECT, env={**environ}, capture_output=True, text=True, check=True).stderr


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_user_in_the_table_logs_in_at_one_host_and_uses_the_other(hosts: tuple[Service, Service], name: str) -> None:
    response = login(hosts[0], name)
    assert response.status_code == 200
    assert [predict(host, response.json()["access_token"]) for host in hosts] == [200, 200]


def test_two_hosts_count_failed_logins_together_and_per_network(hosts: tuple[Service, Service], name: str) -> None:
    assert [login(hosts[i % 2], name, "wrong").status_code for i in range(5)] == [401] * 5
    time.sleep(1)
    assert login(hosts[1], name, "wrong").status_code == 401  # from now on the wait is two seconds
    for host in hosts:
        refused = login(host, name)
        assert (refused.status_code, refused.json()["error"]) == (429, "slow_down")
        assert refused.json()["type"] == "/problems/too-many-logins"
        assert refused.headers["Retry-After"] in ("1", "2")
    assert login(hosts[0], name, client=AWAY).status_code == 200
    time.sleep(2)
    assert login(hosts[1], name).status_code == 200
    assert [login(hosts[i % 2], name, "wrong").status_code for i in range(5)] == [401] * 5


def test_of_a_burst_of_guesses_at_both_hosts_five_or_six_are_checked(hosts: tuple[Service, Service], name: str) -> None:
    started = time.perf_counter()
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda i: login(hosts[i % 2], name, "wrong").status_code, range(24)))
    waited = int(time.perf_counter() - started)  # a slow machine lets the wait of one second pass
    assert set(statuses) == {401, 429}
    assert 5 <= statuses.count(401) <= 6 + waited


def test_revoked_tokens_are_refused_and_a_later_login_works(
    hosts: tuple[Service, Service], environ: Mapping[str, str], name: str
) -> None:
    token = login(hosts[0], name).json()["access_token"]
    assert "are revoked" in users_tool(environ, "revoke", name)
    assert predict(hosts[1], token) == 401
    again = login(hosts[1], name).json()["access_token"]
    assert predict(hosts[1], again) == 200


@pytest.mark.parametrize("command", ["disable", "remove"])
def test_a_disabled_or_removed_user_has_no_valid_token_and_gets_none(
    hosts: tuple[Service, Service], environ: Mapping[str, str], name: str, command: str
) -> None:
    token = login(hosts[0], name).json()["access_token"]
    users_tool(environ, command, name)
    assert predict(hosts[1], token) == 401
    assert login(hosts[0], name).status_code == 401


def test_a_store_that_is_down_stops_logins_but_no_predictions_until_it_is_back(
    hosts: tuple[Service, Service], store: Store, name: str
) -> None:
    known, unknown = hosts
    token = login(known, name).json()["access_token"]
    store.stop()
    assert predict(known, token) == 200
    assert predict(unknown, token) == 200
    refused = login(known, name)
    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert refused.headers["Retry-After"] == "5"
    with known.client() as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["reasons"]) == (200, ["users-unreachable"])
        store.start()
        wait_until(lambda: login(known, name).status_code == 200)  # logins pause for a second after a failed call
        wait_until(lambda: client.get("/health/ready").json()["status"] == "ready")
    assert predict(unknown, token) == 200


def test_while_a_store_hangs_the_service_responds_and_predicts(
    hosts: tuple[Service, Service], store: Store, name: str
) -> None:
    known, unknown = hosts
    token = login(known, name).json()["access_token"]
    os.kill(store.process.pid, signal.SIGSTOP)
    try:
        with known.client(token) as client, ThreadPoolExecutor(9) as pool:
            client.get("/health/live")
            logins = [pool.submit(login, known, name) for _ in range(8)]
            waits = []
            while not all(pending.done() for pending in logins):
                started = time.perf_counter()
                assert client.get("/health/live").status_code == 200
                assert client.post("/predict", json=ROW).status_code == 200
                waits.append(time.perf_counter() - started)
                time.sleep(0.02)
            assert [pending.result().status_code for pending in logins] == [503] * 8
            assert sorted(waits)[len(waits) // 2] < 1  # some 5 ms on a quiet machine
        assert predict(unknown, token) == 200
    finally:
        os.kill(store.process.pid, signal.SIGCONT)
    wait_until(lambda: login(known, name).status_code == 200)


def test_neither_the_account_s_key_nor_a_hash_is_logged(hosts: tuple[Service, Service]) -> None:
    output = "".join(line for host in hosts for line in host.lines)
    assert "tables.get → users" in output
    assert azurite.KEY not in output
    assert HASH not in output
