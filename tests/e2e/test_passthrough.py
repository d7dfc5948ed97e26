"""`access: passthrough` with real clients: two people with accounts at one registry, one entrepot, and one store.

Ann may see everything, Bob nothing; both may log in.
"""

import json
import re

from clients import Unavailable
from clients.containerd import Containerd
from clients.dockerd import Dockerd
from clients.skopeo import Skopeo
from harness import E2ETest, SETTINGS, images, overlay, program, root
from http_client import get
from image import small
from leaks import leaks
from personalities import Private, basic
from process import ProgramFailed, free_port
from upstream import content_gets

_ANN, _BOB = ("ann", "anns-s3:cret"), ("bob", "bobs-pa55word")


class Passthrough(E2ETest):
    needs = (root, program("dockerd"), program("containerd"), program("ctr"), program("skopeo"), overlay, images("small"))

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"
            return
        cls.origin = Private({_ANN: True, _BOB: False})
        cls.addClassCleanup(cls.origin.stop)
        cls.cache = cls.new_cache(cls.origin.url)
        cls.cache.admin_port = free_port()
        cls.cache.log_level = "debug"
        cls.cache.upstreams["docker.io"]["access"] = "passthrough"
        cls.cache.start()
        cls.made = small("private", cls.work / "images")
        cls.origin.serve(cls.made)
        cls.name = f"127.0.0.1:{cls.cache.port}/{cls.made.repository}:{cls.made.tag}"
        try:
            cls.docker = cls.enterClassContext(Dockerd(cls.client_folder(), cls.cache.port, ""))
        except Unavailable as reason:
            cls._lacking = str(reason).splitlines()[0]

    def as_docker(self, user, *arguments):
        """A command of docker, with what this user has logged in with."""
        return self.docker.docker("--config", self.docker.work / user, *arguments, timeout=60)

    def assert_denied(self, failed):
        self.assertRegex(str(failed.exception), "denied|403|not authorized|Forbidden")

    def test_1_docker_login_asks_the_registry(self):
        registry = f"127.0.0.1:{self.cache.port}"
        for user, password in (_ANN, _BOB):
            self.assertIn("Login Succeeded", self.as_docker(user, "login", "-u", user, "-p", password, registry))
        with self.assertRaises(ProgramFailed) as failed:
            self.as_docker("mallory", "login", "-u", "ann", "-p", "a guess", registry)
        self.assertRegex(str(failed.exception), "unauthorized|401")

    def test_2_docker_pulls_what_the_user_may_see(self):
        with self.assertRaises(ProgramFailed) as failed:
            self.as_docker("bob", "pull", "-q", self.name)
        self.assert_denied(failed)
        self.as_docker("ann", "pull", "-q", self.name)
        self.as_docker("ann", "rmi", self.name)
        with self.assertRaises(ProgramFailed) as failed:
            self.as_docker("bob", "pull", "-q", self.name)    # though it is all in the store by now
        self.assert_denied(failed)
        with self.assertRaises(ProgramFailed):
            self.as_docker("nobody", "pull", "-q", self.name)

    def test_3_what_one_has_pulled_another_is_served_from_the_store(self):
        self.origin.requests()
        carol = ("carol", "carols-own")
        self.origin.accounts[carol] = True
        with self.client(Containerd, prefix="") as containerd:
            for account, may in ((_BOB, False), (carol, True)):
                pull = ["images", "pull", "--plain-http", "--user", ":".join(account), self.name]
                if may:
                    containerd.ctr(*pull, timeout=60)
                    continue
                with self.assertRaises(ProgramFailed) as failed:
                    containerd.ctr(*pull, timeout=60)
                self.assert_denied(failed)
        with self.client(Skopeo, prefix="") as skopeo:
            source = f"docker://{self.name}"
            for account, may in ((carol, True), (_BOB, False)):
                inspect = ["skopeo", "inspect", "--raw", "--tls-verify=false", "--creds", ":".join(account), source]
                if may:
                    found = json.loads(skopeo.command(inspect, timeout=60).stdout)
                    self.assertEqual(found, self.made.document(self.made.digest))
                    continue
                with self.assertRaises(ProgramFailed) as failed:
                    skopeo.command(inspect, timeout=60)
                self.assert_denied(failed)
        gets = content_gets([r for r in self.origin.requests() if r.status < 300])
        self.assertEqual([path for path in gets if "/blobs/" in path], [])

    def test_4_while_the_registry_is_down_only_those_it_has_allowed_are_served(self):
        self.origin.stop()
        path = f"/v2/{self.made.repository}/manifests/{self.made.tag}"
        status, headers, _ = get(self.cache.url, path, headers={"Authorization": basic(*_ANN)})
        self.assertEqual((status, headers["Warning"]), (200, '110 - "Response is Stale"'))
        self.assertEqual(get(self.cache.url, path, headers={"Authorization": basic(*_BOB)})[0], 502)
        self.assertEqual(get(self.cache.url, path)[0], 401)

    def test_5_no_secret_is_anywhere(self):
        log = self.cache.log.read_text()
        self.assertTrue(re.search(r"status=403", log) and re.search(r"status=401", log))
        answers = [(path, get(self.cache.url, path, headers={"Authorization": basic(*account)})[2])
                   for account in (_ANN, _BOB) for path in ("/v2/", "/v2/_catalog", "/v2/library/none/manifests/e2e")]
        self.assertTrue(leaks({self.made.repository}, self.cache))      # what is no secret is found
        self.assertEqual(leaks(self.origin.secrets(), self.cache, ("storage", self.origin.storage_said), *answers), [])
