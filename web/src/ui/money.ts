/** An amount in dollars with as many digits as it needs to be seen: "$0.0004", "$1.20", "$12,340"; "$0" for none. */
export function formatUsd(amount: number): string {
  if (amount === 0) return "$0";
  const size = Math.abs(amount);
  const sign = amount < 0 ? "−" : "";
  if (size < 0.000_05) return `${sign}<$0.0001`;
  const digits = size < 0.01 ? 4 : size < 1 ? 3 : size < 1000 ? 2 : 0;
  const text = size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${sign}$${digits > 2 ? text.replace(/(\.\d\d\d*?)0+$/, "$1") : text}`;
}
