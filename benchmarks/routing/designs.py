"""The designs that were tried, each on voices that it has not learned from.

Voices are held out in five groups, as in training itself. Designs are chosen on these figures,
never on the voices of others, which take no part here. Tickets with several requests are not
counted: they are known by their parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_union
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from benchmarks.routing.knowledge import Knowledge
from worker.routing import reading, training
from worker.routing.asking import FLAGS, Asking
from worker.routing.backtest import Share
from worker.routing.examples import Example
from worker.routing.fitting import DESCRIPTIONS, fit_without, folds, likeness_of
from worker.routing.held_out import in_order
from worker.routing.mail import Mail
from worker.routing.meanings import Meanings
from worker.routing.reading import read
from worker.routing.rules import first_rule
from worker.routing.training import Trained, learn_from

Scores = NDArray[np.float32]
NOTHING_ASKS = Asking(words={}, flags=(0.0,) * len(FLAGS), middle=0.0)


@dataclass(frozen=True, slots=True)
class Result:
    """Types right, queues right, queues right on the surest nine tenths; seconds it took."""

    design: str
    type: Share
    queue: Share
    surest: Share
    seconds: float


def designs(knowledge: Knowledge, shipped: Trained, seconds: float) -> Iterator[Result]:
    """Each design in turn; `shipped` is the present one, learned from this knowledge in `seconds`.
    Takes some minutes each."""
    single = replace(knowledge, examples=[one for one in knowledge.examples if not one.topics])
    for name, make in PLAIN.items():
        yield _measured(name, single, partial(_plain, single, make))
    for name, without in ABLATIONS.items():
        with without():
            yield _measured(name, knowledge, partial(_ours, knowledge))
    bare = replace(knowledge, meanings=Meanings({}))
    yield _measured("ours without meanings", bare, partial(_ours, bare))
    scores = in_order(shipped)
    yield _result("ours", knowledge, scores, seconds, rules=False)
    yield _result("ours, with the rules on top (shipped)", knowledge, scores, seconds, rules=True)


def _measured(name: str, knowledge: Knowledge, run: Callable[[], Scores]) -> Result:
    began = time.monotonic()
    scores = run()
    return _result(name, knowledge, scores, time.monotonic() - began, rules=False)


def _result(
    name: str, knowledge: Knowledge, scores: Scores, seconds: float, *, rules: bool
) -> Result:
    types = list(knowledge.document.types)
    queue_of = {code: kind.queue for code, kind in knowledge.document.types.items()}
    examples = [one for one in knowledge.examples if not one.topics]
    scores = scores[[not one.topics for one in knowledge.examples]]
    guesses = [types[n] for n in scores.argmax(axis=1).tolist()]
    ordered = np.sort(scores, axis=1)
    sure = ordered[:, -1] - ordered[:, -2]
    if rules:
        for number, example in enumerate(examples):
            if (changed := _by_rule(knowledge, example, guesses[number])) is not None:
                guesses[number], sure[number] = changed, np.inf
    truth = [example.ticket_type for example in examples]
    right = np.array([queue_of[g] == queue_of[t] for g, t in zip(guesses, truth, strict=True)])
    surest = np.argsort(-sure, kind="stable")[: round(0.9 * len(truth))]
    return Result(
        design=name,
        type=Share(sum(g == t for g, t in zip(guesses, truth, strict=True)), len(truth)),
        queue=Share(int(right.sum()), len(truth)),
        surest=Share(int(right[surest].sum()), len(surest)),
        seconds=seconds,
    )


def _by_rule(knowledge: Knowledge, example: Example, guess: str) -> str | None:
    ticket = example.ticket
    words = read(ticket, knowledge.document.max_characters)
    rules = knowledge.document.rules
    rule = first_rule(rules, words, guess, ticket.channel, ticket.managed_services)
    return rule.becomes if rule else None


def _ours(knowledge: Knowledge) -> Scores:
    """Margins of every example by a model without its voice."""
    return in_order(learn_from(knowledge.document, knowledge.examples, knowledge.meanings))


def _plain(knowledge: Knowledge, make: Callable[[], Any] | None) -> Scores:
    """Scores by a textbook classifier over n-grams of subject and body; logistic regression, found
    in the way of our own training, where `make` is None."""
    types = list(knowledge.document.types)
    texts = [f"{one.ticket.subject}\n{one.ticket.body}" for one in knowledge.examples]
    texts += [kind.means for kind in knowledge.document.types.values()]
    labels = [one.ticket_type for one in knowledge.examples]
    y = np.array([types.index(label) for label in labels] + list(range(len(types))))
    groups = folds([one.voice for one in knowledge.examples] + [DESCRIPTIONS] * len(types))
    x = normalize(_grams().fit_transform(texts)).astype(np.float32)
    scores = np.zeros((len(labels), len(types)), dtype=np.float32)
    if make is None:
        nothing = [np.zeros((len(y), len(types)), dtype=np.float32)] * len(groups)
        likeness = likeness_of(x)
        found = fit_without(likeness, y, np.arange(len(y)), groups, nothing)
        for group, duals in zip(groups, found, strict=True):
            scores[group] = likeness[group] @ duals
        return scores
    for group in groups:
        kept = np.setdiff1d(np.arange(len(y)), group)
        model = make().fit(x[kept], y[kept])
        chances = model.predict_log_proba if hasattr(model, "predict_log_proba") else None
        scores[np.ix_(group, model.classes_)] = (chances or model.decision_function)(x[group])
    return scores


def _grams() -> Any:
    """Words and pairs of neighbours, and pieces of words of 2 to 5 characters."""
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )


PLAIN: dict[str, Callable[[], Any] | None] = {
    "complement naive Bayes on n-grams": lambda: ComplementNB(alpha=0.3),
    "linear SVM on n-grams": lambda: LinearSVC(C=0.5, tol=1e-2),
    "TF-IDF and logistic regression on n-grams": None,
}


@contextmanager
def _no_asking() -> Iterator[None]:
    with patch.object(training, "learn_asking", lambda *_: NOTHING_ASKS):
        yield


@contextmanager
def _no_mail() -> Iterator[None]:
    with patch.object(reading, "split_mail", lambda body: Mail(body, "")):
        yield


ABLATIONS = {
    "ours without weighing which sentences ask": _no_asking,
    "ours without taking mails apart": _no_mail,
}
