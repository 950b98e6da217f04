/**
 * Every number of a status as a gauge of Prometheus's text format: `og_` and its path; the texts beside it in an entry
 * of a list are its labels. What comes to the status comes to the metrics.
 */
export function metricsOf(status: object): string {
  const byName = Map.groupBy(gauges("og", status, ""), ({ name }) => name);
  const lines = [...byName].flatMap(([name, all]) => [
    `# TYPE ${name} gauge`,
    ...all.map(({ labels, value }) => `${name}${labels} ${value}`),
  ]);
  return `${lines.join("\n")}\n`;
}

type Gauge = { readonly name: string; readonly labels: string; readonly value: number };

function gauges(name: string, value: unknown, labels: string): Gauge[] {
  if (typeof value === "number") return [{ name, labels, value }];
  if (typeof value === "boolean") return [{ name, labels, value: Number(value) }];
  if (Array.isArray(value)) return value.flatMap((entry) => gauges(name, entry, labelsOf(entry)));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => gauges(`${name}_${snake(key)}`, inner, labels));
}

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function labelsOf(entry: unknown): string {
  const texts = Object.entries(entry ?? {}).filter(([, value]) => typeof value === "string");
  return texts.length ? `{${texts.map(([key, value]) => `${snake(key)}=${JSON.stringify(value)}`).join(",")}}` : "";
}
