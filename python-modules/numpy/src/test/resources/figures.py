"""What NumpyTest calls: numpy in a framework of one's own."""

import time
import uuid
from array import array
from pathlib import Path

from terrarium.bridge import BaseBridge, handler

start = time.perf_counter()
import numpy as np  # noqa: E402

IMPORT_SECONDS = time.perf_counter() - start
CONTEXT = str(uuid.uuid4())


class Figures(BaseBridge):
    framework = "figures"

    @handler
    def import_seconds(self) -> float:
        return IMPORT_SECONDS

    @handler
    def arrays(self) -> list:
        table = np.arange(12.0).reshape(3, 4)
        words = np.array(["b", "a", "c"])
        return [
            np.__version__,
            (table @ table.T)[1].tolist(),
            table[table % 3 == 0].tolist(),
            np.where(table > 5, table, -1).sum(axis=0).tolist(),
            np.sort(words).tolist(),
            np.percentile(table, 90).item(),
            np.unique([3, 1, 3], return_counts=True)[1].tolist(),
            str(np.datetime64("2026-01-31") + np.timedelta64(1, "D")),
            np.array([(1, 2.5)], dtype=[("n", "i4"), ("x", "f8")])["x"].tolist(),
        ]

    @handler
    def algebra(self) -> dict:
        """Linear algebra by numpy's own code: it is built without BLAS and LAPACK."""
        matrix = np.array([[4.0, 1.0, 2.0], [1.0, 3.0, 0.0], [2.0, 0.0, 5.0]])
        left, values, right = np.linalg.svd(matrix)
        q, r = np.linalg.qr(matrix)
        big = np.random.default_rng(1).random((120, 120)) + 120 * np.eye(120)
        return {
            "solved": np.linalg.solve(matrix, np.array([12.0, 7.0, 17.0])).round(12).tolist(),
            "determinant": round(np.linalg.det(matrix), 9),
            "eigenvalues": np.linalg.eigvalsh(matrix).round(6).tolist(),
            "svd": bool(np.allclose(left @ np.diag(values) @ right, matrix)),
            "qr": bool(np.allclose(q @ r, matrix)),
            "inverse": bool(np.allclose(np.linalg.inv(big) @ big, np.eye(120))),
            "fft": np.fft.fft([1.0, 0.0, -1.0, 0.0]).real.tolist(),
            "blas": np.show_config(mode="dicts")["Build Dependencies"].get("blas", {}).get("found", False),
        }

    @handler
    def random(self) -> list:
        return [np.random.default_rng(12345).random(), np.random.RandomState(42).randint(0, 100, 3).tolist()]

    # guide: scaled
    @handler
    def scaled(self, numbers: array, by: float) -> array:
        return array("d", (np.frombuffer(numbers) * by).tobytes())
    # end

    @handler
    def scalars(self) -> dict:
        """Scalars of numpy that are a float, a str or bytes to Python, too."""
        numbers = [np.float64(2), np.float64("nan")]
        return {"one": np.float64(1.5), "more": numbers, np.str_("key"): np.str_("text"), "raw": np.bytes_(b"ab")}

    @handler
    def not_plain(self, what: str) -> object:
        return {"array": np.ones(2), "integer": np.int64(3), "boolean": np.bool_(True)}[what]

    @handler
    def saved(self, folder: str) -> dict:
        one, two = np.arange(6, dtype="i4").reshape(2, 3), np.asfortranarray([[1.5, 2.0], [2.5, 3.0]])
        path = Path(folder)
        np.save(path / "one.npy", one)
        np.save(path / "two.npy", two)
        np.savez_compressed(path / "all.npz", one=one, two=two)
        np.savetxt(path / "one.txt", one, fmt="%d")
        with np.load(path / "all.npz") as both:
            packed = [both["one"].tolist(), both["two"].tolist()]
        return {
            "one": np.load(path / "one.npy").tolist(),
            "two": np.load(path / "two.npy").tolist(),
            "packed": packed,
            "text": np.loadtxt(path / "one.txt").tolist(),
        }

    @handler
    def to_file(self, file: str) -> None:
        np.arange(3.0).tofile(file)

    @handler
    def from_file(self, file: str) -> list:
        return np.fromfile(file).tolist()

    @handler
    def mapped(self, file: str) -> list:
        return np.load(file, mmap_mode="r").tolist()

    @handler
    def work(self, together) -> list:
        """Work while another context does."""
        together()
        total = 0.0
        for size in range(20, 60):
            matrix = np.full((size, size), 1.0 / size)
            total += np.linalg.matrix_power(matrix, 3).sum()
        together()
        return [CONTEXT, round(float(total), 6)]
