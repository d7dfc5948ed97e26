"""Programs with a root of their own: another Debian's, or this machine's with some files changed.

A sandbox is a mount namespace whose root is an overlay: the root's files below, and in memory over them the test's own and
what programs write. One folder is shared with the outside under its own name; so are /dev, /proc, /sys and the network.

Nothing is ever mounted outside of the namespace. When its last process ends, however it ends, all of it is gone.
"""

from process import Program

_ENTER = """\
set -eu
lower=$1 shared=$2 top=$3
mount -t tmpfs tmpfs "$top/mounts"
cd "$top/mounts"
mkdir upper work root
cp -R "$top/files/." upper
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$PWD/upper,workdir=$PWD/work" root
for name in dev proc sys; do mount --rbind "/$name" "root/$name"; done
mkdir -p "root/$shared"
mount --bind "$shared" "root/$shared"
cd root
pivot_root . .
umount -l .
cd /
echo entered
exec sleep infinity
"""


class Sandbox:
    def __init__(self, root, shared, files=None):
        """`root` is a folder with a whole system in it, "/" too; `shared` the folder that is the same inside and outside;
        `files` what else is in the root, or in another's place: {path: text}."""
        self._root, self._shared, self._top = root, shared, shared / "sandbox"
        for path, text in {"etc/resolv.conf": "", **(files or {})}.items():
            file = self._top / "files" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (self._top / "mounts").mkdir()
        self._holder = None

    def start(self):
        self._holder = Program(["unshare", "--mount", "sh", "-c", _ENTER, "sandbox", self._root, self._shared, self._top],
                               self._top / "sandbox.log")
        self._holder.wait_for_line("^entered$", timeout=30)
        return self

    def stop(self):
        if self._holder:
            self._holder.stop()

    @property
    def pid(self):
        """The process that keeps the namespace."""
        return self._holder.pid

    def inside(self, argv):
        """The command line that runs another one in here. It becomes that program, under the same process id."""
        # Its root too: where the tests themselves run in a changed root, that of the namespace is the machine's. And a
        # working directory that is in it.
        return ["nsenter", f"--target={self.pid}", "--mount", "--root", "--wd", *argv]
