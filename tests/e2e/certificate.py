"""A certificate that is its own authority, with its key beside it."""

from process import run


def make_certificate(path, *names):
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
         "-keyout", path.with_suffix(".key"), "-out", path], timeout=60)
    return path
