// When people come: hours by weekdays, in the site's zone.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Heat } from "../charts/heat";
import { report } from "../reports";
import { zone } from "../state";
import { Panel } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";

interface Hour {
  weekday: number;
  hour: number;
  visitors: number;
  sessions: number;
  page_views: number;
}

const UNITS = { visitors: "Visitors", sessions: "Sessions", page_views: "Page views" } as const;

export function Pattern(): JSX.Element {
  const [unit, pick] = useState<keyof typeof UNITS>("visitors");
  const asked = useReport<Hour>(report("pattern"), { limit: 200 });
  const values = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  for (const hour of asked.rows ?? []) values[hour.weekday - 1]![hour.hour] = hour[unit];
  return (
    <Panel title="Hours of the week" asked={asked} tools={<Tabs label="What counts" all={UNITS} now={unit} pick={pick} />}>
      <Heat label="Hours of the week" values={values} unit={UNITS[unit].toLowerCase()} />
      <p class="dim">Hours of {zone.value}.</p>
    </Panel>
  );
}
