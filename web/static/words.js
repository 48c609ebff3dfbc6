// Sentences in the page's language. The English text is the name of each; English itself needs no catalogue.

const { lang, dataset } = document.documentElement
const catalogue = lang === "en" ? { default: {}, form: (n) => Number(n !== 1) } : await import(dataset.words)

/** A sentence, with its {values} put in. */
export function _(sentence, values) {
  return fill([catalogue.default[sentence] ?? sentence].flat()[0], values) // a list where a number has its own form
}

/** The sentence that fits the number n, which is its {n}. */
export function plural(one, many, n, values) {
  const said = catalogue.default[one]
  return fill(said ? said[catalogue.form(n)] : n === 1 ? one : many, { n, ...values })
}

const days = lang === "en" ? "en-GB" : lang // the pages write 14 June 2025, so the browser does too

/** A moment, day or number as the language writes it. */
export const date = (when, options) => new Intl.DateTimeFormat(days, options).format(when)
export const number = (value, options) => new Intl.NumberFormat(lang, options).format(value)

function fill(sentence, values) {
  const said = (value) => (typeof value === "number" ? value.toLocaleString(lang) : value)
  return values ? sentence.replace(/\{(\w+)\}/g, (whole, name) => said(values[name]) ?? whole) : sentence
}
