// Binds KQL against the Application Insights tables. stdin: {modules, queries}; stdout: {name: {errors, columns}}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { modules, queries } = JSON.parse(readFileSync(0, "utf8"));
const tables = JSON.parse(readFileSync(process.argv[2], "utf8"));
const load = createRequire(join(modules, "anchor.js"));
for (const part of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) load(`@kusto/language-service-next/${part}`);
const kusto = globalThis.Kusto.Language;

const symbols = Object.entries(tables).map(([table, columns]) => {
  const schema = Object.entries(columns).map(([column, type]) => `['${column}']:${type}`);
  return new kusto.Symbols.TableSymbol.$ctor7(table, `(${schema.join(", ")})`, "");
});
const database = new kusto.Symbols.DatabaseSymbol.$ctor1("insights", symbols, false);
const globals = kusto.GlobalState.Default.WithDatabase(database);

const list = (items) => Array.from({ length: items?.Count ?? items?.length ?? 0 }, (_, at) => items.getItem?.(at) ?? items[at]);
const bind = (text) => {
  const code = kusto.KustoCode.ParseAndAnalyze(text, globals);
  const errors = list(code.GetDiagnostics()).filter((found) => found.Severity === "Error");
  return {
    errors: errors.map((found) => `${found.Code} at ${found.Start}: ${found.Message}`),
    columns: list(code.ResultType?.Columns).map((column) => column.Name),
  };
};
console.log(JSON.stringify(Object.fromEntries(Object.entries(queries).map(([name, text]) => [name, bind(text)]))));
