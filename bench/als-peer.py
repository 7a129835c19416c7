"""
Peers of bench/training.ts, on the arrays that it wrote into a folder: `python3 als-peer.py numpy|implicit FOLDER`.
numpy solves the same objective from the same start, row by row through LAPACK; implicit solves its own, whose penalty
is the same for every row. One thread each, seconds of processor time. Prints one JSON object; exits 3 where the package is missing.
"""
import json
import os
import sys
import time

os.environ.update({name: "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")})
peer, folder = sys.argv[1], sys.argv[2]
try:
    import numpy as np

    if peer == "implicit":
        import implicit
        from scipy.sparse import csr_matrix
except ImportError as missing:
    print(json.dumps({"missing": str(missing)}))
    sys.exit(3)

with open(os.path.join(folder, "shape.json")) as file:
    shape = json.load(file)
d, iterations, unobserved, regularization = (shape[name] for name in ("factors", "iterations", "unobserved", "regularization"))


def read(name, dtype):
    return np.fromfile(os.path.join(folder, name), dtype=dtype)


def rows(side):
    return read(f"{side}.start", np.int32), read(f"{side}.column", np.int32), read(f"{side}.weight", np.float64)


by_user, by_item = rows("user"), rows("item")
users, items = shape["users"], shape["items"]


def solve(fixed, sparse, penalty):
    start, column, weight = sparse
    fixed = fixed.astype(np.float64)
    base = unobserved * fixed.T @ fixed
    target = np.empty((len(start) - 1, d), dtype=np.float32)
    for row in range(len(start) - 1):
        y = fixed[column[start[row] : start[row + 1]]]
        c = weight[start[row] : start[row + 1]]
        a = base + (y.T * c) @ y
        a[np.diag_indices(d)] += regularization * (len(c) + penalty)
        target[row] = np.linalg.solve(a, c @ y)
    return target


if peer == "numpy":
    y = read("items.start-factors", np.float32).reshape(items, d)
    began = time.process_time()
    for _ in range(iterations):
        x = solve(y, by_user, unobserved * items)
        y = solve(x, by_item, unobserved * users)
    x = solve(y, by_user, unobserved * items)
    seconds = time.process_time() - began
    x.tofile(os.path.join(folder, "users.factors"))
    y.tofile(os.path.join(folder, "items.factors"))
    print(json.dumps({"seconds": seconds, "version": f"numpy {np.__version__}"}))
else:
    matrix = csr_matrix((by_user[2].astype(np.float32), by_user[1], by_user[0]), shape=(users, items))
    model = implicit.cpu.als.AlternatingLeastSquares(
        factors=d, regularization=regularization, iterations=iterations, use_cg=False, num_threads=1, random_state=7
    )
    began = time.process_time()
    model.fit(matrix, show_progress=False)
    print(json.dumps({"seconds": time.process_time() - began, "version": f"implicit {implicit.__version__}"}))
