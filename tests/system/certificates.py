"""Certificates for the tests of TLS, made by the openssl command."""

import os
import subprocess


class Authority:
    """A certificate authority of the test's own, by the openssl command."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        self.certificate = self._path(name, "crt")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", self._path(name, "key"), "-out", self.certificate)

    def _path(self, name, kind):
        return os.path.join(self.folder, f"{name}.{kind}")

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def issue(self, name, alternative="IP:127.0.0.1,DNS:localhost", valid_days="2"):
        """(certificate, key) signed by this authority."""
        key, request, certificate = self._path(name, "key"), self._path(name, "csr"), self._path(name, "crt")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        with open(self._path(name, "ext"), "w") as out:
            out.write(f"subjectAltName={alternative}\n")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._path(self.name, "key"),
                      "-CAcreateserial", "-days", valid_days, "-extfile", self._path(name, "ext"), "-out", certificate)
        return certificate, key
