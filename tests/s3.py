"""A real S3 server for tests, SeaweedFS, which keeps its buckets in a folder of its own."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tests.machine import in_memory, prctl

PR_SET_PDEATHSIG = 1
KEY, SECRET = "the-site", "correct-horse-battery-staple"
# Of the parts that it is made of, each of which listens twice.
PARTS = ("master", "volume", "filer", "s3")


class Server:
    """SeaweedFS: what keeps objects, and before it what speaks S3 at the address `url`."""

    def __init__(self, folder):
        self.folder, self.processes = Path(folder), {}
        ports = free_ports(2 * len(PARTS))
        self.ports = {part: (ports.pop(), ports.pop()) for part in PARTS}
        self.url = f"http://127.0.0.1:{self.ports['s3'][0]}"
        (self.folder / "data").mkdir()
        credentials = [{"accessKey": KEY, "secretKey": SECRET}]
        actions = ["Admin", "Read", "Write", "List"]
        owner = {"name": "owner", "credentials": credentials, "actions": actions}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [owner]}))

    def begin(self):
        options = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.volumeSizeLimitMB": 64,
            "master.telemetry": "false",
            "volume.max": 32,
        }
        for part in PARTS[:-1]:
            port, grpc = self.ports[part]
            options |= {f"{part}.port": port, f"{part}.port.grpc": grpc}
        self.run("server", {**options, "filer": "true"})
        self.start()

    def start(self):
        """Have S3 spoken at the address, if it is not, and wait until it is."""
        if "s3" in self.processes:
            return
        port, grpc = self.ports["s3"]
        filer = "{}.{}".format(*self.ports["filer"])
        options = {
            "filer": f"127.0.0.1:{filer}",
            "ip.bind": "127.0.0.1",
            "port": port,
            "port.grpc": grpc,
            "config": self.folder / "s3.json",
            "iam": "false",
            "autoCreateBucket": "false",
            "port.iceberg": 0,
            "port.lance": 0,
        }
        self.run("s3", options)
        deadline = time.monotonic() + 60
        while not self.takes_an_object():
            ended = any(each.poll() is not None for each in self.processes.values())
            if ended or time.monotonic() > deadline:
                raise RuntimeError(f"S3 did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def run(self, part, options):
        """Start one; the kernel ends it with the thread that calls this."""
        weed = Path(sys.executable).with_name("weed")
        with open(self.folder / "log", "ab") as log:
            self.processes[part] = subprocess.Popen(
                [weed, part, *(f"-{name}={value}" for name, value in options.items())],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
            )

    def stop(self, part="s3"):
        """Kill one; without S3, nothing listens at the address."""
        if process := self.processes.pop(part, None):
            process.kill()
            process.wait()

    def takes_an_object(self):
        """Whether all its parts have found each other."""
        client = self.client
        try:
            with suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="object", Body=b"it is")
        except (BotoCoreError, ClientError):
            return False
        return True

    @property
    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def make_bucket(self, name):
        self.client.create_bucket(Bucket=name)

    def names(self, bucket):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(each["Key"] for page in pages for each in page.get("Contents", ()))

    def status_without_a_key(self, bucket, name):
        """What the server answers whoever asks for an object with nothing in their hands."""
        try:
            with urllib.request.urlopen(f"{self.url}/{bucket}/{name}", timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def variables(self, bucket):
        """What a site's environment says about a bucket."""
        return {
            "S3_BUCKET": bucket,
            "S3_ENDPOINT": self.url,
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
        }


@contextmanager
def s3():
    """A running `Server` for the length of a block, which ends too when this process is killed."""
    folder = tempfile.mkdtemp(prefix="portfolio-s3-", dir=in_memory())
    server = Server(folder)
    try:
        server.begin()
        yield server
    finally:
        for part in ("s3", "server"):
            server.stop(part)
        shutil.rmtree(folder)
        # It puts them there whatever it is told.
        for part, (port, grpc) in server.ports.items():
            for name in (f"{part}-{port}", f"{part}-grpc-{grpc}"):
                Path(f"/tmp/seaweedfs-{name}.sock").unlink(missing_ok=True)


def free_ports(number):
    with ExitStack() as listeners:
        found = [listeners.enter_context(socket.socket()) for _ in range(number)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]
