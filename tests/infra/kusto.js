// Binds queries against tables with Kusto's own language service. In: {tables, queries} on stdin;
// out: for each query what is wrong with it, and the columns of its result.
const fs = require("fs");
const folder = process.argv[2];
require(`${folder}/bridge.min.js`);
require(`${folder}/Kusto.Language.Bridge.min.js`);
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

const { tables, queries } = JSON.parse(fs.readFileSync(0, "utf8"));
const known = Object.entries(tables).map(([name, columns]) => {
  const schema = Object.entries(columns).map(([column, type]) => `['${column}']: ${type}`);
  return new Symbols.TableSymbol.$ctor7(name, `(${schema.join(", ")})`, null);
});
const workspace = new Symbols.DatabaseSymbol.$ctor3(
  "workspace", null, System.Array.init(known, Symbols.Symbol), false);
const globals = GlobalState.Default.WithDatabase(workspace);

const listed = (items) => Array.from({ length: System.Array.getCount(items) },
  (_, n) => System.Array.getItem(items, n));
const bound = Object.entries(queries).map(([name, text]) => {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const wrong = listed(code.GetDiagnostics())
    .map((d) => `${d.Message} (${text.substr(d.Start, d.Length)})`);
  const columns = code.ResultType && code.ResultType.Columns;
  return [name, { wrong, columns: columns ? listed(columns).map((c) => c.Name) : [] }];
});
console.log(JSON.stringify(Object.fromEntries(bound)));
