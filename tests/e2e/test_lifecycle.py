"""Kill, restart, SIGTERM and refusals to start."""

import signal
import time

from behind_throttle import BehindThrottle, wait_for
from harness import images, report
from http_client import get
from upstream import gets_of

MiB = 1 << 20


class Kill(BehindThrottle):
    needs = (images("ninety", "layers"),)

    def test_kill_in_the_middle_of_a_fill_loses_nothing(self):
        # Complete: an image's manifests and its small blobs. In the middle: a blob of which 40 MiB are there.
        layers = self.image("layers")
        complete = [d for d in layers.blobs() if d != layers.largest_layer()]
        for reference in [layers.tag, *layers.manifests()]:
            self.assertEqual(get(self.cache.url, self.path(layers, "manifests", reference))[0], 200)
        for digest in complete:
            self.assert_complete(self.download(layers, digest))
        self.throttle.log.clear()
        self.throttle.hold_after(40 * MiB)
        cut = self.download(self.ninety, self.blob)
        wait_for(lambda: cut.received == 40 * MiB)

        self.cache.kill()
        cut.join(30)
        self.assertIsNotNone(cut.error)
        self.throttle.stop()
        self.cache.start()
        for reference in [layers.tag, *layers.manifests()]:
            with self.subTest("served with the upstream down", manifest=reference):
                digest = layers.digest if reference == layers.tag else reference
                status, _, body = get(self.cache.url, self.path(layers, "manifests", reference))
                self.assertEqual((status, body), (200, layers.path(digest).read_bytes()))
        for digest in complete:
            with self.subTest("served with the upstream down", blob=digest):
                self.assert_complete(self.download(layers, digest))

        self.throttle.hold_after(None)
        self.throttle.start()
        self.assert_complete(self.download(self.ninety, self.blob))
        gets = gets_of(self.throttle.log, self.blob)
        again = sum(r.sent for r in gets) - self.ninety.size(self.blob)
        report(f"kill -9 after 40 MiB of a fill: {again} bytes asked again; ranges {[r.range for r in gets]}")
        self.assertGreaterEqual(again, 0)
        self.assertLessEqual(again, MiB)


class Terminate(BehindThrottle):
    def test_sigterm_lets_a_download_finish(self):
        self.throttle.hold_after(10 * MiB)
        running = self.download(self.ninety, self.blob)
        wait_for(lambda: running.received == 10 * MiB)
        self.cache.program.signal(signal.SIGTERM)
        wait_for(lambda: not self.accepts_requests())
        self.throttle.hold_after(None)
        self.assert_complete(running)
        self.assertEqual(self.cache.program.wait(30), 0)

    def test_sigterm_ends_what_still_runs_when_the_grace_is_over(self):
        self.cache.stop()
        self.cache.shutdown_grace = "1s"
        self.cache.start()
        self.throttle.hold_after(10 * MiB)
        running = self.download(self.ninety, self.blob)
        wait_for(lambda: running.received == 10 * MiB)
        self.cache.program.signal(signal.SIGTERM)
        self.assertEqual(self.cache.program.wait(30), 0)
        self.assertIn("shutdown_grace_over", self.cache.program.output())
        running.join(30)
        self.assertIsNotNone(running.error)

    def accepts_requests(self):
        try:
            get(self.cache.url, "/v2/", timeout=1)
            return True
        except OSError:
            return False


class Reload(BehindThrottle):
    def setUp(self):
        super().setUp()
        self.text = self.cache.config.read_text()

    def reload(self, text):
        self.cache.config.write_text(text)
        self.cache.program.signal(signal.SIGHUP)

    def test_sighup_applies_what_it_can_and_names_the_rest(self):
        self.reload(self.text.replace("eviction: {}", "eviction: {ttl: 1h}") + "threads: 1\n")
        line = self.cache.program.wait_for_line(r" reloaded .*", timeout=20)[0]
        self.assertIn('applied="eviction.ttl upstreams.docker.io.eviction.ttl" at_next_start=threads', line)

    def test_sighup_changes_what_is_logged(self):
        self.reload(self.text.replace("level: info", "level: error"))
        wait_for(self.is_quiet)
        self.reload(self.text)
        self.cache.program.wait_for_line(r" reloaded applied=log.level ", timeout=20)
        wait_for(lambda: not self.is_quiet())

    def is_quiet(self):
        """Whether two requests leave no line: that of the first would be there before the second is answered."""
        lines = self.cache.program.output().count(" request ")
        get(self.cache.url, "/v2/")
        time.sleep(0.3)
        get(self.cache.url, "/v2/")
        return self.cache.program.output().count(" request ") == lines

    def test_a_file_with_faults_changes_nothing(self):
        self.reload(self.text.replace("level: info", "level: loud") + "shutdown_grace: soon\n")
        refused = self.cache.program.wait_for_line(r" reload_refused .*log\.level.*", timeout=20)[0]
        self.assertRegex(refused, r"entrepot\.yaml:\d+: log\.level: ")
        self.assertEqual(get(self.cache.url, "/v2/")[0], 200)
        self.cache.program.wait_for_line(r" request .*target=/v2/ ", timeout=20)


class Start(BehindThrottle):
    def test_second_daemon_on_a_store_ends_at_once_and_says_why(self):
        status, output = self.serve(f"listeners: [{{address: '127.0.0.1:0'}}]\nadmin: null\n"
                                    f"storage: {{path: '{self.cache.store}'}}\n")
        self.assertEqual(status, 1)
        self.assertIn(str(self.cache.store), output)
        self.assertEqual(get(self.cache.url, "/v2/")[0], 200)

    def test_port_in_use_is_exit_1(self):
        address = f"127.0.0.1:{self.cache.port}"
        status, output = self.serve(f"listeners: [{{address: '{address}'}}]\nadmin: null\n"
                                    f"storage: {{path: '{self.cache.store}-2'}}\n")
        self.assertEqual(status, 1)
        self.assertIn(address, output)

    def test_bad_configuration_is_exit_2_and_names_file_line_and_key(self):
        status, output = self.serve("storage:\n  path: /nowhere\n  max_sice: 1GiB\nshutdown_grace: soon\n")
        self.assertEqual(status, 2)
        for words in ("other.yaml:3", "max_sice", "max_size", "other.yaml:4", "shutdown_grace"):
            self.assertIn(words, output)

    def serve(self, text):
        """Another daemon, that should end by itself: its exit status and what it said."""
        config = self.cache.config.with_name("other.yaml")
        config.write_text(text)
        other = self.cache.serve(config, config.with_suffix(".log"))
        self.addCleanup(other.stop)
        return other.wait(20), other.output()

    def test_starts_and_serves_with_its_upstream_down(self):
        self.cache.stop()
        self.throttle.stop()
        self.cache.start()
        self.assertEqual(get(self.cache.url, "/v2/")[0], 200)
        status, _, _ = get(self.cache.url, self.path(self.ninety, "manifests", self.ninety.tag))
        self.assertEqual(status, 502)
