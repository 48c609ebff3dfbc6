"""Queries that fit no photo of anybody's, for the rate of false "found"."""

# Made-up words, and things that cannot be photographed; none of them is among those the search is calibrated by.
NONSENSE = (
    "brillig slithy toves", "flumphen grobnik", "wibblefrotz", "krzptlq", "uuuuuuu", "snargle", "oomplexity vandrel",
    "quarterly amortisation schedule", "existential quantifier", "the square root of minus one", "compound interest",
    "postmodern epistemology", "tax deductibility of goodwill", "asymptotic complexity", "binding arbitration clause",
    "intellectual property indemnity", "Grundsteuerreform", "Vorsorgevollmacht", "Nebenkostenabrechnung", "Konjunktiv",
    "hyperbolic cosine", "7f3a9c1e", "dolor sit amet", "the day after never", "a contradiction in terms", "deflation",
    "bicameral legislature", "the ontological argument", "garbage collection pause", "statute of limitations",
    "liquidity premium", "Umsatzsteuervoranmeldung", "moral relativism", "a rounding error", "iambic pentameter",
    "dependency injection", "quorum", "plausible deniability", "the categorical imperative", "frictional unemployment",
)  # fmt: skip
