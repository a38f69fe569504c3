#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes harmless pickles with the libraries that this Python has: write_benign.py FOLDER.

What people save every day: plain data, arrays, tables, fitted estimators, checkpoints, in
every protocol.  Prints one line a library: its name, version, and how many files; or that it
is not here.  Writes only; nothing is read back.
"""

import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import importlib
import io
import ipaddress
import inspect
import itertools
import re
import operator
import pathlib
import pickle
import random
import sys
import types
import uuid
import warnings

warnings.filterwarnings("ignore")


class Writer:
    """Names files after a library and what is in them; counts them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.n = 0

    def path(self, name):
        self.n += 1
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def pickle(self, name, value, protocols=(2, 4)):
        for protocol in protocols:
            try:
                content = pickle.dumps(value, protocol)
            except Exception:           # not every class knows every protocol
                continue
            self.path(f"{name}_p{protocol}.pkl").write_bytes(content)


def write_stdlib(out):
    values = {
        "numbers": [0, -1, 255, 65536, 2**31, -2**63, 2**200, 1.5, float("inf"), 3j, True, None],
        "texts": ["", "text", "Grüße", "\u2603\U0001f600", "a\nb", "os.system('ls')", "x" * 70000],
        "bytes": [b"", b"\0\xff" * 40, bytearray(b"abc"), bytes(range(256)) * 300],
        "nested": {"a": [1, (2, 3), {"b": {4, 5}}, frozenset([6])], ("k", 1): None},
        "shared": (lambda a: [a, a, {"x": a}])([1, 2]),
        "counter": collections.Counter("abracadabra"),
        "ordered": collections.OrderedDict(a=1, b=[2]),
        "defaultdict": collections.defaultdict(list, {"a": [1]}),
        "deque": collections.deque([1, 2, 3], maxlen=5),
        "chainmap": collections.ChainMap({"a": 1}, {"b": 2}),
        "dates": [datetime.date(2020, 2, 29), datetime.time(1, 2, 3), datetime.timedelta(5, 6),
                  datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)],
        "decimals": [decimal.Decimal("1.50"), fractions.Fraction(1, 3)],
        "uuid": uuid.UUID(int=5),
        "addresses": [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("10.0.0.0/8")],
        "paths": [pathlib.PurePosixPath("/a/b"), pathlib.PureWindowsPath("c:/x")],
        "array": array.array("d", [1.0, 2.0]),
        "slices": [slice(1, 2, 3), range(5), Ellipsis],
        "namespace": types.SimpleNamespace(lr=0.1, layers=[1, 2]),
        "exceptions": [ValueError("bad value"), KeyError("k"), OSError(2, "no such file")],
        "partial": functools.partial(int, base=2),
        "getter": operator.itemgetter(0),
        "random": random.Random(7),
        "types": [int, str, dict, list, collections.OrderedDict, bytes, type(None)],
        "complex": complex(1, 2),
        "io": io.BytesIO(b"abc"),
        "enums": [re.IGNORECASE, inspect.Parameter.POSITIONAL_ONLY, uuid.SafeUUID.safe],
    }
    for name, value in values.items():
        out.pickle(f"stdlib/{name}", value, range(6))
    joined = b"".join(pickle.dumps(x, 4) for x in ([1], {"a": 2}, "three"))
    out.path("stdlib/several.pkl").write_bytes(joined)


def write_numpy(out):
    import numpy as np
    values = {
        f"array_{np.dtype(t).name}": np.arange(12).astype(t).reshape(3, 4)
        for t in ("f2", "f4", "f8", "i1", "i4", "i8", "u1", "u8", "?", "c8", "c16")}
    values |= {
        "big_endian": np.arange(4, dtype=">f4"),
        "fortran": np.asfortranarray(np.ones((4, 5))),
        "strided": np.arange(20)[::2],
        "text": np.array(["a", "bcd"]), "bytes": np.array([b"a", b"bcd"]),
        "objects": np.array([1, "a", None, {"k": [1]}], dtype=object),
        "times": np.array(["2020-01-01"], dtype="M8[ns]"),
        "record": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "recarray": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "masked": np.ma.array([1, 2, 3], mask=[0, 1, 0]), "matrix": np.matrix([[1, 2]]),
        "scalar": np.float32(1.5), "scalars": [np.int64(1), np.bool_(True), np.str_("x")],
        "dtype": np.dtype("f4"), "dtypes": [np.dtype([("a", "i4", (2,))]), np.float32],
        "empty": np.zeros((0, 3)), "zero_d": np.array(3.0),
        "randomstate": np.random.RandomState(1), "generator": np.random.default_rng(1),
        "philox": np.random.Generator(np.random.Philox(1)),
        "weights": {"layer.0.weight": np.ones((2, 3), "f4"), "layer.0.bias": np.zeros(2)},
        "polynomial": np.polynomial.Polynomial([1, 2, 3]), "ufunc": np.add,
    }
    for name, value in values.items():
        out.pickle(f"numpy/{name}", value, (2, 3, 4, 5))
    for name in ("array_float32", "objects", "text", "fortran", "zero_d", "empty"):
        np.save(out.path(f"numpy/{name}.npy"), values[name], allow_pickle=True)
    np.savez(out.path("numpy/weights.npz"), **values["weights"])
    np.savez_compressed(out.path("numpy/weights_packed.npz"), **values["weights"])
    np.savez(out.path("numpy/objects.npz"), o=values["objects"], allow_pickle=True)
    return np.__version__


def write_scipy(out):
    import numpy as np
    import scipy
    from scipy import sparse
    a = np.eye(5)
    for kind in ("csr", "csc", "coo", "bsr", "dia", "lil", "dok"):
        out.pickle(f"scipy/{kind}_matrix", getattr(sparse, f"{kind}_matrix")(a))
        out.pickle(f"scipy/{kind}_array", getattr(sparse, f"{kind}_array")(a))
    sparse.save_npz(out.path("scipy/saved.npz"), sparse.csr_matrix(a))
    return scipy.__version__


def write_pandas(out):
    import numpy as np
    import pandas as pd
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, None, 2.5], "c": ["x", "y", "z"]})
    values = {
        "frame": frame, "series": frame["a"], "index": frame.index,
        "text_index": frame.set_index("c"), "dates": pd.date_range("2020-01-01", periods=3),
        "multi": frame.set_index(["a", "c"]), "categorical": frame["c"].astype("category"),
        "bools": pd.DataFrame({"x": [True, False]}), "empty": pd.DataFrame(),
        "nullable": pd.array([1, None], dtype="Int64"), "timestamp": pd.Timestamp("2020-01-01"),
        "timedelta": pd.Timedelta("1 day"), "interval": pd.interval_range(0, 3),
        "period": pd.period_range("2020-01", periods=3, freq="M"),
        "sparse": pd.arrays.SparseArray([0, 0, 1]), "mixed": pd.Series([1, "a", None]),
        "zoned": pd.date_range("2020-01-01", periods=2, tz="UTC"),
        "dtypes": frame.dtypes, "grouped": frame.groupby("c")["a"].sum(),
        "wide": pd.DataFrame(np.ones((3, 30))), "string": pd.Series(["a", None], dtype="string"),
    }
    for name, value in values.items():
        out.pickle(f"pandas/{name}", value, (2, 4, 5))
    for suffix in (".gz", ".bz2", ".xz", ".zip"):
        frame.to_pickle(out.path(f"pandas/frame.pkl{suffix}"))
    return pd.__version__


def estimators():
    """(name, unfitted estimator) of what people save most."""
    names = {
        "linear_model": "LinearRegression LogisticRegression Ridge Lasso ElasticNet SGDClassifier "
                        "BayesianRidge Perceptron RidgeCV HuberRegressor",
        "ensemble": "RandomForestClassifier RandomForestRegressor GradientBoostingClassifier "
                    "ExtraTreesClassifier AdaBoostClassifier IsolationForest BaggingClassifier "
                    "HistGradientBoostingClassifier",
        "tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier",
        "svm": "SVC SVR LinearSVC NuSVC OneClassSVM",
        "neighbors": "KNeighborsClassifier KNeighborsRegressor NearestNeighbors KernelDensity "
                     "NearestCentroid LocalOutlierFactor",
        "naive_bayes": "GaussianNB BernoulliNB MultinomialNB ComplementNB",
        "cluster": "KMeans MiniBatchKMeans DBSCAN AgglomerativeClustering Birch MeanShift "
                   "SpectralClustering",
        "decomposition": "PCA TruncatedSVD NMF FastICA KernelPCA IncrementalPCA "
                         "LatentDirichletAllocation FactorAnalysis",
        "preprocessing": "StandardScaler MinMaxScaler RobustScaler MaxAbsScaler Normalizer "
                         "PolynomialFeatures QuantileTransformer PowerTransformer Binarizer "
                         "KBinsDiscretizer OneHotEncoder OrdinalEncoder SplineTransformer",
        "neural_network": "MLPClassifier MLPRegressor",
        "gaussian_process": "GaussianProcessRegressor GaussianProcessClassifier",
        "mixture": "GaussianMixture BayesianGaussianMixture",
        "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
        "dummy": "DummyClassifier", "impute": "SimpleImputer KNNImputer",
        "feature_selection": "VarianceThreshold SelectKBest",
        "manifold": "Isomap TSNE", "covariance": "EmpiricalCovariance EllipticEnvelope",
        "kernel_approximation": "RBFSampler Nystroem", "isotonic": "IsotonicRegression",
        "cross_decomposition": "PLSRegression",
    }
    for module, classes in names.items():
        holder = importlib.import_module("sklearn." + module)
        for name in classes.split():
            yield name, getattr(holder, name)()


def compounds():
    """Estimators made of others."""
    from sklearn import calibration, compose, feature_extraction, linear_model, model_selection
    from sklearn import multiclass, pipeline, preprocessing, svm, tree, ensemble
    logistic = linear_model.LogisticRegression()
    yield "Pipeline", pipeline.make_pipeline(preprocessing.StandardScaler(), logistic)
    yield "GridSearchCV", model_selection.GridSearchCV(logistic, {"C": [0.1, 1]}, cv=2)
    yield "OneVsRest", multiclass.OneVsRestClassifier(logistic)
    yield "Calibrated", calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2)
    yield "Columns", compose.ColumnTransformer([("s", preprocessing.StandardScaler(), [0, 1])])
    yield "Union", pipeline.FeatureUnion([("s", preprocessing.StandardScaler())])
    trees = [("t", tree.DecisionTreeClassifier())]
    yield "Voting", ensemble.VotingClassifier([("l", logistic)] + trees)
    yield "Stacking", ensemble.StackingClassifier(trees, logistic, cv=2)
    yield "Hasher", feature_extraction.FeatureHasher(n_features=8)


def write_sklearn(out):
    import joblib
    import numpy as np
    import sklearn
    from sklearn.feature_extraction import text
    rng = np.random.RandomState(0)
    x, y = np.abs(rng.rand(40, 4)), rng.randint(0, 2, 40)
    for name, estimator in itertools.chain(estimators(), compounds()):
        try:
            estimator.fit(x[:, 0] if name == "IsotonicRegression" else x, y)
        except Exception:               # some want other data; unfitted will do
            pass
        out.pickle(f"sklearn/{name}", estimator, (4,))
        joblib.dump(estimator, out.path(f"sklearn/{name}.joblib"))
    words = ["the cat sat", "the dog ran", "a cat ran"]
    for vectorizer in (text.CountVectorizer(), text.TfidfVectorizer(ngram_range=(1, 2)),
                       text.HashingVectorizer(n_features=16)):
        vectorizer.fit(words)
        out.pickle(f"sklearn/{type(vectorizer).__name__}", vectorizer, (4,))
        joblib.dump(vectorizer, out.path(f"sklearn/{type(vectorizer).__name__}.joblib"))
    return sklearn.__version__


def write_joblib(out):
    import joblib
    import numpy as np
    value = {"w": np.ones((30, 40), "f4"), "names": ["a", "b"], "o": np.array([1, "x"], object),
             "f": np.asfortranarray(np.ones((3, 4))), "t": np.array(["ab", "c"])}
    joblib.dump(value, out.path("joblib/plain.joblib"))
    joblib.dump(value, out.path("joblib/plain.pkl"), protocol=2)
    for method in ("zlib", "gzip", "bz2", "xz", "lzma"):
        joblib.dump(value, out.path(f"joblib/{method}.joblib"), compress=(method, 3))
    joblib.dump(value, out.path("joblib/by_name.pkl.gz"))
    return joblib.__version__


def write_boosters(out):
    import numpy as np
    x = np.random.RandomState(0).rand(40, 4)
    y = (x[:, 0] > 0.5).astype(int)
    versions = []
    for module, names in (("xgboost", ("XGBClassifier", "XGBRegressor")),
                          ("lightgbm", ("LGBMClassifier", "LGBMRegressor"))):
        library = importlib.import_module(module)
        for name in names:
            model = getattr(library, name)(n_estimators=3)
            model.fit(x, y)
            out.pickle(f"boosters/{name}", model)
            inner = model.get_booster() if module == "xgboost" else model.booster_
            out.pickle(f"boosters/{name}_booster", inner)
        versions.append(library.__version__)
    return "/".join(versions)


def write_tokenizers(out):
    import tokenizers
    from tokenizers import models, pre_tokenizers
    tokenizer = tokenizers.Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    out.pickle("tokenizers/tokenizer", tokenizer)
    out.pickle("tokenizers/whitespace", pre_tokenizers.Whitespace())
    out.pickle("tokenizers/added", tokenizers.AddedToken("<x>", special=True))
    return tokenizers.__version__


def fake_class(path, base=object, **members):
    """A class that pickles as `path` says, without the library: only names are written."""
    module, name = path.rsplit(".", 1)
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(parts[i]))
    cls = base(name, members["names"], module=module) if "names" in members else type(
        name, (base,), {"__module__": module, **members})
    setattr(sys.modules[module], name, cls)
    return cls


def by_name(member):
    """As enum pickles members of some versions: getattr(class, 'NAME')."""
    return getattr, (type(member), member.name)


def write_names(out):
    interval = fake_class("transformers.trainer_utils.IntervalStrategy", enum.Enum,
                          names={"NO": "no", "STEPS": "steps", "EPOCH": "epoch"})
    scheduler = fake_class("transformers.trainer_utils.SchedulerType", enum.Enum,
                           names={"LINEAR": "linear", "COSINE": "cosine"})
    hub = fake_class("transformers.trainer_utils.HubStrategy", enum.Enum,
                     names={"EVERY_SAVE": "every_save", "END": "end"})
    optimizer = fake_class("transformers.training_args.OptimizerNames", enum.Enum,
                           names={"ADAMW_TORCH": "adamw_torch"})
    arguments = fake_class("transformers.training_args.TrainingArguments")()
    arguments.__dict__.update(
        output_dir="out", learning_rate=5e-5, lr_scheduler_type=scheduler.LINEAR,
        evaluation_strategy=interval.STEPS, hub_strategy=hub.EVERY_SAVE,
        optim=optimizer.ADAMW_TORCH, fsdp=[], label_names=None)
    out.pickle("names/training_args", arguments, (2, 4))
    for cls in (interval, scheduler, hub, optimizer):
        cls.__reduce_ex__ = lambda self, protocol: by_name(self)
    out.pickle("names/training_args_getattr", arguments, (2, 4))


def write_torch(out):
    import torch
    from torch import nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 2))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.rand(5, 4)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    dtypes = {str(t): torch.zeros(2, 3, dtype=t) for t in (
        torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8, torch.int16,
        torch.int32, torch.int64, torch.bool, torch.complex64)}
    values = {
        "pytorch_model.bin": model.state_dict(), "optimizer.pt": optimizer.state_dict(),
        "scheduler.pt": scheduler.state_dict(),
        "checkpoint.ckpt": {"epoch": 3, "model": model.state_dict(), "loss": 0.25,
                            "optimizer": optimizer.state_dict(), "args": {"lr": 0.1}},
        "rng_state.pth": {"python": random.getstate(), "cpu": torch.random.get_rng_state()},
        "tensor.pt": torch.arange(10.0), "dtypes.pt": dtypes, "tensors.pt": [torch.ones(2)] * 3,
        "views.pt": (lambda t: {"a": t, "b": t[1:], "c": t.t()})(torch.rand(3, 4)),
        "parameter.pt": nn.Parameter(torch.ones(3)), "size.pt": torch.Size([1, 2]),
        "device.pt": torch.device("cpu"), "sparse.pt": torch.eye(3).to_sparse(),
        "quantized.pt": torch.quantize_per_tensor(torch.rand(4), 0.1, 0, torch.qint8),
        "embedding.pt": {"string_to_param": {"*": torch.rand(1, 8)}, "name": "x", "step": 5},
        "empty.pt": {}, "scalar.pt": torch.tensor(1.5), "dtype.pt": torch.float32,
    }
    for name, value in values.items():
        torch.save(value, out.path(f"torch/{name}"))
        torch.save(value, out.path(f"torch/legacy_{name}"), _use_new_zipfile_serialization=False)
    modules = {
        "linear": model, "conv": nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.Flatten()),
        "lstm": nn.LSTM(4, 5, 2), "gru": nn.GRU(4, 5), "embedding": nn.Embedding(5, 4),
        "attention": nn.MultiheadAttention(8, 2), "norms": nn.ModuleList([nn.LayerNorm(4)]),
        "transformer": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 1),
        "dict": nn.ModuleDict({"a": nn.GELU(), "b": nn.Dropout(0.1)}),
    }
    for name, module in modules.items():
        torch.save(module, out.path(f"torch/module_{name}.pt"))
        torch.save(module, out.path(f"torch/legacy_module_{name}.pt"),
                   _use_new_zipfile_serialization=False)
    torch.jit.script(nn.Linear(3, 2)).save(str(out.path("torch/script.pt")))
    torch.jit.trace(nn.Linear(3, 2), torch.rand(1, 3)).save(str(out.path("torch/traced.pt")))
    return torch.__version__


def main():
    folder = sys.argv[1]
    total = 0
    for name, write in list(globals().items()):
        if not name.startswith("write_"):
            continue
        out = Writer(folder)
        try:
            version = write(out) or sys.version.split()[0]
        except ImportError as missing:
            print(f"{name[6:]}: not here ({missing.name})")
            continue
        total += out.n
        print(f"{name[6:]} {version}: {out.n} files")
    print(f"total: {total} files")


if __name__ == "__main__":
    main()
