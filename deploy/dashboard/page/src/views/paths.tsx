// Behaviour paths: where sessions go from a page, or where they come from to it.
import type { JSX } from "preact";
import { type Move, Sankey } from "../charts/sankey";
import { report } from "../reports";
import { go, place, setOwn } from "../state";
import { Panel } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";

export function Paths(): JSX.Element {
  const { start = "", direction = "forward", depth = "3", by = "path" } = place.value.own;
  const asked = useReport<Move>(report("paths"), { start, direction, depth, by, limit: 5000 });
  const backward = direction === "backward";
  const set = (own: Record<string, string>) => go({ own: { ...place.value.own, ...own } });
  return (
    <Panel
      title={start ? (backward ? `To ${start}` : `From ${start}`) : backward ? "How sessions end" : "How sessions begin"}
      asked={asked}
      empty="No paths in this range."
      tools={
        <>
          <Tabs
            label="Direction"
            all={{ forward: "From", backward: "To" }}
            now={backward ? "backward" : "forward"}
            pick={direction => set({ direction })}
          />
          <Tabs
            label="Steps"
            all={{ "2": "2", "3": "3", "4": "4", "5": "5" }}
            now={depth as "2" | "3" | "4" | "5"}
            pick={depth => set({ depth })}
          />
          <Tabs
            label="What a page is"
            all={{ path: "Pages", path_template: "Groups" }}
            now={by as "path" | "path_template"}
            pick={by => set({ by, start: "" })}
          />
          {start && (
            <button type="button" class="quiet" onClick={() => setOwn("start", "")}>
              Begin again
            </button>
          )}
        </>
      }
    >
      <Sankey moves={asked.rows ?? []} backward={backward} label="Paths of sessions" pick={start => set({ start })} />
      <p class="dim">A click on a page begins there.</p>
    </Panel>
  );
}
