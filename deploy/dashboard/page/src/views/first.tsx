// Before the first event: what to do, and a page that goes on by itself.
import type { JSX } from "preact";
import { site, tags } from "../state";
import { Copied } from "../ui/copy";

export function First(): JSX.Element {
  const key = site.value?.key ?? "demo";
  const beacon = tags.value.beacon ?? "https://YOUR-FOOTFALL/beacon.js";
  return (
    <section class="first panel">
      <p class="radar" aria-hidden="true">
        <i />
        <i />
        <i />
      </p>
      <h1>Waiting for your first event</h1>
      <p role="status">
        Nothing has arrived for the site <b>{key}</b> in the last 30 days. This page goes on by itself within a second of the first event.
      </p>
      <h2>Put this into your page</h2>
      <Copied text={`<script defer src="${beacon}" data-site="${key}"></script>`} label="Script tag" />
      {tags.value.demo && key === "demo" && (
        <p>
          Or open the <a href={tags.value.demo}>demo page</a> and press a button.
        </p>
      )}
      <p class="dim">
        Nothing comes? <code>footfall install https://your-page/</code> looks at your page and says what keeps its events away;{" "}
        <code>footfall tail</code> shows events as they arrive, and refusals with the reason.
      </p>
    </section>
  );
}
