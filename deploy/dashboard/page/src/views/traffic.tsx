// Pages, sources, places and devices: lists side by side.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { World } from "../charts/world";
import { report } from "../reports";
import { Panel } from "../ui/panel";
import { Tabs } from "../ui/tabs";
import { useReport } from "../use";
import { Breakdown, type Part } from "./lists";

export function Sources(): JSX.Element {
  const [touch, pick] = useState<"session" | "first">("session");
  return (
    <>
      <div class="switch">
        <Tabs
          label="Which touch counts"
          all={{ session: "What brought the session", first: "What brought the visitor first" }}
          now={touch}
          pick={pick}
        />
      </div>
      <div class="columns-two">
        <Breakdown title="Channels" tabs={["channel"]} touch={touch} />
        <Breakdown title="Sources" tabs={["source", "medium", "referrer_host"]} touch={touch} />
        <Breakdown title="Campaigns" tabs={["utm_campaign", "utm_source", "utm_medium", "utm_term", "utm_content"]} touch={touch} />
        <Breakdown title="Where they arrive" tabs={["entry_path"]} />
      </div>
    </>
  );
}

export function Places(): JSX.Element {
  const asked = useReport<Part>(report("breakdown"), { dimension: "country", limit: 300 });
  const visitors = new Map((asked.rows ?? []).map(part => [part.value, part.visitors]));
  return (
    <>
      <Panel title="World" asked={asked} empty="Nothing in this range." class="world-panel">
        <World label="Visitors by country" values={visitors} />
      </Panel>
      <div class="columns-two">
        <Breakdown title="Countries" tabs={["country"]} limit={20} />
        <Breakdown
          title="Regions and cities"
          tabs={["city", "region"]}
          limit={20}
          unknown="Nothing knows cities yet: `footfall geo fetch` brings a free database."
        />
        <Breakdown title="Languages and zones" tabs={["language", "timezone"]} />
        <Breakdown
          title="Networks"
          tabs={["asn_org"]}
          unknown="Nothing knows networks yet: that takes a database of yours, such as GeoLite2-ASN."
        />
      </div>
    </>
  );
}

export function Devices(): JSX.Element {
  return (
    <div class="columns-two">
      <Breakdown title="Devices" tabs={["device_type", "device_brand", "device_model"]} />
      <Breakdown title="Browsers" tabs={["browser", "browser_version"]} />
      <Breakdown title="Systems" tabs={["os", "os_version"]} />
      <Breakdown title="Events" tabs={["type", "name"]} aside="events" />
    </div>
  );
}
