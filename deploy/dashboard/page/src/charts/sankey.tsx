// Moves from page to page as bands: the more sessions, the broader.
import { type SankeyGraph, sankey, sankeyLinkHorizontal } from "d3-sankey";
import type { JSX } from "preact";
import { duration, number } from "../format";

export interface Move {
  step: number;
  from: string;
  to: string;
  sessions: number;
  dwell_ms: number;
}

interface Node {
  id: string;
  page: string;
  column: number;
}

interface Band {
  source: string;
  target: string;
  value: number;
  dwell: number;
}

/** Pages of a step that have a node of their own; the rest are one. */
const EACH = 7;
const WIDTH = 1100;
const LABEL = 190;

/** Nodes and bands, with rare pages of a step put together. `backward`: step 1 ends at the start. */
export function graph(moves: Move[], backward: boolean): { nodes: Node[]; links: Band[] } {
  const column = (step: number, end: "near" | "far") => (end === "near" ? step - 1 : step);
  const totals = new Map<string, number>();
  const key = (column: number, page: string) => `${column}\u0000${page}`;
  const ends = (move: Move): [number, string][] => {
    const [near, far] = backward ? [move.to, move.from] : [move.from, move.to];
    return [
      [column(move.step, "near"), near],
      [column(move.step, "far"), far],
    ];
  };
  for (const move of moves)
    for (const [at, page] of ends(move)) totals.set(key(at, page), (totals.get(key(at, page)) ?? 0) + move.sessions);
  const kept = new Set<string>();
  const columns: Record<string, string[]> = {};
  for (const id of totals.keys()) (columns[id.split("\u0000")[0]!] ??= []).push(id);
  for (const ids of Object.values(columns))
    for (const id of ids.sort((a, b) => totals.get(b)! - totals.get(a)!).slice(0, EACH)) kept.add(id);
  const nodes = new Map<string, Node>();
  const node = ([at, page]: [number, string]) => {
    const shown = kept.has(key(at, page)) ? page : "\u0001";
    const id = key(at, shown);
    nodes.set(id, { id, page: shown, column: at });
    return id;
  };
  const links = new Map<string, Band>();
  for (const move of moves) {
    const [near, far] = ends(move) as [[number, string], [number, string]];
    const [source, target] = backward ? [node(far), node(near)] : [node(near), node(far)];
    const band = links.get(`${source}\u0002${target}`) ?? { source, target, value: 0, dwell: 0 };
    band.dwell = Math.max(band.dwell, move.dwell_ms);
    band.value += move.sessions;
    links.set(`${source}\u0002${target}`, band);
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

const isReal = ({ page }: Node): boolean => page !== "" && page !== "\u0001";

const name = (page: string, column: number, last: boolean, backward: boolean): string =>
  page === "\u0001" ? "other pages" : page !== "" ? page : (backward ? last : column === 0) ? "(arrive)" : "(leave)";

interface Props {
  moves: Move[];
  backward: boolean;
  label: string;
  pick: (page: string) => void;
}

export function Sankey({ moves, backward, label, pick }: Props): JSX.Element {
  const { nodes, links } = graph(moves, backward);
  const deepest = Math.max(1, ...nodes.map(({ column }) => column));
  const most = Math.max(...[...Array(deepest + 1).keys()].map(at => nodes.filter(({ column }) => column === at).length));
  const height = Math.max(300, most * 58);
  const layout = sankey<Node, Band>()
    .nodeId(node => node.id)
    .nodeAlign(node => (backward ? deepest - node.column : node.column))
    .nodeWidth(10)
    .nodePadding(26)
    // What is no page of its own stands at the bottom, where it crosses the least.
    .nodeSort((a, b) => Number(isReal(b)) - Number(isReal(a)) || (b.value ?? 0) - (a.value ?? 0))
    .extent([
      [4, 12],
      [WIDTH - LABEL, height - 24],
    ]);
  const drawn = layout({ nodes: nodes.map(node => ({ ...node })), links: links.map(link => ({ ...link })) }) as SankeyGraph<Node, Band>;
  const path = sankeyLinkHorizontal<Node, Band>();
  const shown = (end: unknown) => {
    const node = end as Node;
    return name(node.page, node.column, node.column === deepest, backward);
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <svg class="chart sankey" viewBox={`0 0 ${WIDTH} ${height}`} aria-label={label} role="group">
        {drawn.links.map(link => (
          <path
            key={`${(link.source as Node).id}${(link.target as Node).id}`}
            class="band"
            d={path(link) ?? ""}
            stroke-width={Math.max(1.5, link.width ?? 1)}
          >
            <title>{`${shown(link.source)} → ${shown(link.target)}: ${number(link.value)} sessions${link.dwell ? `, ${duration(link.dwell)} in between` : ""}`}</title>
          </path>
        ))}
        {drawn.nodes.map(node => {
          const text = name(node.page, node.column, node.column === deepest, backward);
          const real = isReal(node);
          const act = () => real && pick(node.page);
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: it has its role where it can be pressed
            <g
              key={node.id}
              class={real ? "node pick" : "node"}
              onClick={act}
              {...(real ? { tabindex: 0, role: "button" } : {})}
              onKeyDown={event => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                act();
              }}
            >
              <rect
                x={node.x0 ?? 0}
                y={node.y0 ?? 0}
                width={(node.x1 ?? 0) - (node.x0 ?? 0)}
                height={Math.max(2, (node.y1 ?? 0) - (node.y0 ?? 0))}
                rx={2}
              />
              <text x={(node.x1 ?? 0) + 7} y={((node.y0 ?? 0) + (node.y1 ?? 0)) / 2 - 1} dominant-baseline="middle">
                {text.length > 24 ? `${text.slice(0, 11)}…${text.slice(-12)}` : text}
              </text>
              <text class="dim" x={(node.x1 ?? 0) + 7} y={((node.y0 ?? 0) + (node.y1 ?? 0)) / 2 + 13} dominant-baseline="middle">
                {number(node.value ?? 0)}
              </text>
              <title>{`${text}: ${number(node.value ?? 0)} sessions`}</title>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
