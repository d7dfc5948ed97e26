"""Accounts that clouds hand out: entrepot gets them from services that check what they are asked, and pulls with them from
registries that take nothing else. Afterwards no secret is anywhere in what the run has left."""

import itertools
import threading
import time

from cache import Entrepot
from clients.skopeo import Skopeo
from clouds import AzuresRegistry, Entra, GoogleMetadata, GooglesRegistry, GoogleTokens
from harness import E2ETest, SETTINGS, images, program, report
from http_client import get
from leaks import leaks
from process import free_port

_NO_ENVIRONMENT = dict.fromkeys(("GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST", "AZURE_TENANT_ID", "AZURE_CLIENT_ID",
                                 "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT",
                                 "IDENTITY_HEADER", "AZURE_POD_IDENTITY_AUTHORITY_HOST"), "")


def _times():
    """The life of a token that is short-lived, and for how long to pull: three lives and a half. In seconds."""
    return (60, 210) if SETTINGS.long else (8, 28)


class _Clouds(E2ETest):
    needs = (program("openssl"), program("skopeo"), images("small"))

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"

    def setUp(self):
        super().setUp()
        self.servers, self.errors = [], []

    def use(self, server):
        """A service of this test, whose faults and secrets count."""
        self.servers.append(server)
        self.addCleanup(server.stop)
        return server

    def start(self, origin, credentials, **environment):
        folder = self.work / self._testMethodName
        self.origin = origin
        origin.serve(self.image("small"))
        self.cache = Entrepot(SETTINGS.binary, folder, origin.url, log_level="debug")
        self.addCleanup(self.cache.stop)
        self.cache.admin_port = free_port()
        self.cache.environment = _NO_ENVIRONMENT | environment
        self.cache.upstreams["docker.io"]["credentials"] = credentials
        self.cache.start()

    def pull(self):
        """By a real client, every byte of it right."""
        small = self.image("small")
        with self.client(Skopeo, self.cache.port, self.cache.prefix) as client:
            self.assertEqual(client.pull(small), client.expected(small))
        self.assertGreater(len(self.origin.redirected), 0)

    def get(self, repository, reference="e2e"):
        status, _, body = get(self.cache.url, f"/v2/{self.cache.prefix}{repository}/manifests/{reference}")
        if status != 200:
            self.errors.append(body.decode())
        return status, body.decode(errors="replace")

    def pull_for(self, seconds):
        """Four clients pull from repositories that entrepot has no token for, without a pause: each asks with the account. How
        many pulls there were, and those that failed."""
        small, end = self.image("small"), time.monotonic() + seconds
        pulls, failed = [], []

        def work(client):
            for number in itertools.count():
                if time.monotonic() >= end:
                    return
                name = f"load/c{client}n{number}"
                self.origin.images[name] = small
                status, body = self.get(name, small.tag)
                pulls.append(name)
                if status != 200:
                    failed.append((status, body))

        threads = [threading.Thread(target=work, args=(client,)) for client in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds + 60)
        return len(pulls), failed

    def check(self, faults=()):
        """Nobody was asked wrongly, and nothing that is left of the run has a secret."""
        self.assertEqual([fault for server in self.servers for fault in server.faults], list(faults))
        secrets = set().union(*(server.secrets for server in self.servers))
        self.assertGreater(len(secrets), 0)
        self.assertTrue(leaks({"upstream=docker.io"}, self.cache))      # what is no secret is found
        said = [("errors", self.errors), ("redirects", self.origin.redirected)]
        self.assertEqual(leaks(secrets, self.cache, *((where, "\n".join(texts).encode()) for where, texts in said)), [])


class GoogleAccounts(_Clouds):
    def start_with_key(self, tokens):
        key = tokens.write_key_file(self.work / f"{self._testMethodName}.json")
        self.start(self.use(GooglesRegistry(tokens)), {"type": "google", "key_file": str(key)})

    def google_tokens(self, **more):
        folder = self.work / f"{self._testMethodName}-keys"
        folder.mkdir()
        return self.use(GoogleTokens(folder, **more))

    def start_on_a_machine(self, metadata):
        self.start(self.use(GooglesRegistry(metadata)), {"type": "google"}, GCE_METADATA_HOST=f"127.0.0.1:{metadata.port}")

    def test_a_machines_account_pulls(self):
        metadata = self.use(GoogleMetadata())
        self.start_on_a_machine(metadata)
        self.pull()
        self.assertEqual(metadata.given, 1)
        self.check()

    def test_a_service_accounts_key_pulls(self):
        tokens = self.google_tokens()
        self.start_with_key(tokens)
        self.pull()
        self.assertEqual(tokens.given, 1)
        self.check()

    def test_a_key_file_named_by_the_environment_pulls(self):
        tokens = self.google_tokens()
        key = tokens.write_key_file(self.work / f"{self._testMethodName}.json")
        self.start(self.use(GooglesRegistry(tokens)), {"type": "google"}, GOOGLE_APPLICATION_CREDENTIALS=str(key))
        self.pull()
        self.assertEqual(tokens.given, 1)
        self.check()

    def test_a_whole_key_file_as_a_password_pulls(self):
        tokens = self.google_tokens()
        key = tokens.write_key_file(self.work / f"{self._testMethodName}.json")
        text = key.read_text().removesuffix("\n")
        self.start(self.use(GooglesRegistry(tokens, text)), {"username": "_json_key", "password_file": str(key)})
        self.pull()
        self.assertEqual(tokens.given, 0)
        self.check()

    def test_a_short_lived_token_is_renewed_under_load(self):
        life, load = _times()
        metadata = self.use(GoogleMetadata(life=life))
        self.start_on_a_machine(metadata)
        pulls, failed = self.pull_for(load)
        report(f"Google tokens of {life} s under load: {pulls} pulls in {load} s, {len(failed)} failed, {metadata.given} tokens")
        self.assertEqual(failed, [])
        self.assertGreaterEqual(metadata.given, 4)
        self.assertLessEqual(metadata.given, load // (life // 2))
        self.check()

    def test_an_account_without_a_role_is_denied_and_is_still_the_account(self):
        metadata = self.use(GoogleMetadata())
        self.start_on_a_machine(metadata)
        self.origin.denies = True
        end = time.monotonic() + 7      # time for another token, if it were asked for
        while time.monotonic() < end:
            self.assertEqual(self.get("library/small")[0], 403)
            time.sleep(0.1)
        self.assertEqual(metadata.given, 1)
        self.assertEqual(self.cache.program.output().count("credentials_refused"), 0)
        self.check()

    def test_a_refusal_reaches_the_client_without_what_it_quotes(self):
        tokens = self.google_tokens()
        self.start_with_key(tokens)
        tokens.refusal = 400, "Invalid grant: account not found"
        status, body = self.get("library/small")
        self.assertEqual(status, 502)
        self.assertIn("answered 400: no: Invalid grant: account not found", body)
        tokens.refusal = None
        end = time.monotonic() + 20     # it asks again five seconds after a failure
        while self.get("library/small", self.image("small").tag)[0] != 200:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.5)
        self.check()


class AzureAccounts(_Clouds):
    def start_with(self, entra, credentials, life=3 * 3600, tenant=Entra.tenant, **environment):
        self.start(self.use(AzuresRegistry(entra, life, tenant)), {"type": "acr", **credentials}, AZURE_AUTHORITY_HOST=entra.url,
                   **environment)

    def start_with_secret(self, entra, **more):
        self.start_with(entra, {"tenant": entra.tenant, "client_id": entra.client_id, "client_secret": "${AZURE_CLIENT_SECRET}"},
                        AZURE_CLIENT_SECRET=entra.client_secret, **more)

    def assert_one_exchange(self, entra):
        self.assertEqual((entra.given, self.origin.exchanges), (1, 1))

    def test_a_client_secret_pulls(self):
        entra = self.use(Entra())
        self.start_with_secret(entra)
        self.pull()
        self.assert_one_exchange(entra)
        self.check()

    def test_a_workload_identity_pulls(self):
        """As a pod of AKS has it: all by the environment."""
        entra = self.use(Entra())
        entra.federated = "eyJ-kubernetes-token-of-a-service-account"
        file = self.work / f"{self._testMethodName}.token"
        file.write_text(entra.federated)
        self.start_with(entra, {}, AZURE_TENANT_ID=entra.tenant, AZURE_CLIENT_ID=entra.client_id,
                        AZURE_FEDERATED_TOKEN_FILE=str(file))
        self.pull()
        self.assert_one_exchange(entra)
        self.check()

    def test_a_managed_identity_pulls(self):
        entra = self.use(Entra())
        self.start_with(entra, {}, tenant=None, AZURE_POD_IDENTITY_AUTHORITY_HOST=entra.url)
        self.pull()
        self.assert_one_exchange(entra)
        self.check()

    def test_a_short_lived_refresh_token_is_renewed_under_load(self):
        entra = self.use(Entra())
        life, load = _times()
        self.start_with_secret(entra, life=life)
        pulls, failed = self.pull_for(load)
        report(f"Azure refresh tokens of {life} s under load: {pulls} pulls in {load} s, {len(failed)} failed, "
               f"{self.origin.exchanges} exchanges")
        self.assertEqual(failed, [])
        self.assertGreaterEqual(self.origin.exchanges, 4)
        self.assertLessEqual(self.origin.exchanges, load // (life // 2))
        self.check()

    def test_a_refusal_reaches_the_client_without_what_it_quotes(self):
        entra = self.use(Entra())
        self.start_with_secret(entra)
        entra.refusal = 401, "AADSTS7000215: Invalid client secret provided:"
        status, body = self.get("library/small")
        self.assertEqual(status, 502)
        self.assertIn("Microsoft Entra at 127.0.0.1", body)
        self.assertIn("answered 401: no: AADSTS7000215: Invalid client secret provided:", body)
        self.check()

    def test_an_identity_without_rights_is_refused_by_the_registry(self):
        entra = self.use(Entra())
        self.start_with_secret(entra)
        self.origin.tenant = "another"
        status, body = self.get("library/small")
        self.assertEqual(status, 502)
        self.assertIn("the token exchange at 127.0.0.1", body)
        self.assertIn("answered 401: UNAUTHORIZED: unauthorized", body)
        self.check(faults=["exchange: POST, the fields ['access_token', 'grant_type', 'service', 'tenant']"])
