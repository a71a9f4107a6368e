// Pages written for readers come before listings: what a newcomer asks is answered there.
var Scorer = {
  score: ([page, , anchor, , score]) =>
    score +
    (/^(tutorial|which_question|glossary|how_to\/|explanation\/|coming_from\/)/.test(page) ? 12 : 0) -
    (/^(changelog|ARCHITECTURE|contributing|maintainers\/|genindex)/.test(page) ? 20 : 0) -
    (anchor ? 5 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
