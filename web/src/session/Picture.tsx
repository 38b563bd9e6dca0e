/** A sentence becomes a document, and the document a flow: what the app does, in one drawing. */
export function Picture() {
  return (
    <figure className="w-full max-w-150">
      <blockquote className="text-xl leading-8 text-pretty">
        “Every weekday at 8, read the support inbox, sort the mails by urgency, and post what cannot wait to{" "}
        <span className="text-accent">#support</span>.”
      </blockquote>
      <svg viewBox="0 0 600 300" className="mt-8 w-full" aria-hidden>
        <Sheet />
        <Edges />
        <Card x={300} y={28} title="Every weekday at 8" tone="var(--color-group-trigger)" />
        <Card x={300} y={122} title="Read the inbox" tone="var(--color-group-message)" />
        <Card x={300} y={216} title="Sort by urgency" tone="var(--color-group-ai)" />
        <Card x={470} y={216} title="Post" width={100} tone="var(--color-group-message)" />
      </svg>
      <figcaption className="mt-6 max-w-110 text-sm text-ink-soft text-pretty">
        Say in plain English what an agent should do. Read it as a document, see it as a flow, change it on either side.
      </figcaption>
    </figure>
  );
}

/** The document: each line of writing is as wide as it says; headings are dark. */
const LINES: [number, number, "heading" | "key" | "text"][] = [
  [52, 96, "heading"],
  [72, 150, "text"],
  [86, 128, "text"],
  [118, 82, "heading"],
  [138, 60, "key"],
  [152, 142, "text"],
  [166, 110, "text"],
  [198, 92, "heading"],
  [218, 60, "key"],
  [232, 150, "text"],
  [246, 74, "text"],
];

function Sheet() {
  return (
    <g>
      <rect
        x="0.5"
        y="20.5"
        width="220"
        height="264"
        rx="10"
        fill="var(--color-raised)"
        stroke="var(--color-line-strong)"
      />
      {LINES.map(([y, width, kind]) => (
        <rect key={y} x="28" y={y} width={width} height={kind === "heading" ? 6 : 4} rx="2" fill={INK[kind]} />
      ))}
      {[118, 198].map((y) => (
        <rect
          key={y}
          x="16"
          y={y - 2}
          width="3"
          height="52"
          rx="1.5"
          fill="var(--color-accent)"
          opacity={y === 118 ? 1 : 0.35}
        />
      ))}
    </g>
  );
}

const INK = { heading: "var(--color-ink)", key: "var(--color-accent)", text: "var(--color-line-strong)" };

function Edges() {
  return (
    <g fill="none" stroke="var(--color-ink-faint)" strokeWidth="1.5">
      <path d="M370 84v38M370 178v38M440 244h30" />
      <path d="M221 145h40q12 0 12 5t12 5h15" stroke="var(--color-accent)" strokeDasharray="3 4" />
      <path d="M366 117l4 5 4-5M366 211l4 5 4-5M465 240l5 4-5 4" />
    </g>
  );
}

function Card({
  x,
  y,
  title,
  tone,
  width = 140,
}: {
  x: number;
  y: number;
  title: string;
  tone: string;
  width?: number;
}) {
  return (
    <g>
      <rect x={x} y={y} width={width} height="56" rx="9" fill="var(--color-raised)" stroke="var(--color-line-strong)" />
      <rect x={x + 12} y={y + 13} width="10" height="10" rx="3" fill={tone} />
      <text x={x + 30} y={y + 22} fontSize="11" fontWeight="500" fill="var(--color-ink)">
        {title}
      </text>
      <rect x={x + 12} y={y + 36} width={width * 0.55} height="4" rx="2" fill="var(--color-line-strong)" />
    </g>
  );
}
