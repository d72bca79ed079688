// Goals: what visitors should do, kept by the server, and how many did.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { compact, percent } from "../format";
import { report } from "../reports";
import { forget, save, saved } from "../saved";
import { me, show } from "../state";
import { Icon } from "../ui/icons";
import { Panel } from "../ui/panel";
import { Keep } from "../ui/segments";
import { Steps, stepName } from "../ui/steps";
import { useReport } from "../use";

interface Goal {
  goal: string;
  conversions: number;
  visitors: number;
  rate: number;
}

export function Goals(): JSX.Element {
  const goals = saved("goal");
  const [step, set] = useState([""]);
  const ready = /^(page|event|type):./.test(step[0] ?? "");
  const asked = useReport<Goal>(goals.length > 0 ? report("goals") : undefined, {
    goals: goals.map(({ step }) => step ?? "").slice(0, 20),
    limit: 20,
  });
  return (
    <>
      {goals.length > 0 ? (
        <Panel title="Goals" asked={asked}>
          <ul class="goals">
            {goals.map(goal => {
              const figures = asked.rows?.find(row => row.goal === goal.step);
              return (
                <li key={goal.id}>
                  <span class="what">
                    <b>{goal.name}</b>
                    <small>{stepName(goal.step ?? "")}</small>
                  </span>
                  <span class="figure">{figures ? percent(figures.rate) : "…"}</span>
                  <span class="figures">
                    {figures && (
                      <>
                        {compact(figures.visitors)} visitors <small>{compact(figures.conversions)} times</small>
                      </>
                    )}
                  </span>
                  <button
                    type="button"
                    class="quiet"
                    onClick={() => show("funnel", { steps: ["type:page_view", goal.step ?? ""].join("\n"), within: "86400" })}
                  >
                    Funnel
                  </button>
                  {me.value?.writes && (
                    <button type="button" class="quiet" aria-label={`Forget ${goal.name}`} onClick={() => forget(goal.id)}>
                      <Icon name="close" size={14} />
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        </Panel>
      ) : (
        <p class="empty">No goals yet for this site.</p>
      )}
      {me.value?.writes && (
        <section class="panel builder after" aria-label="Another goal">
          <h2>Another goal</h2>
          <Steps steps={step} set={set} least={1} />
          {ready && (
            <Keep
              label="Save as"
              keep={async name => {
                await save({ kind: "goal", name, step: step[0]! });
                set([""]);
              }}
            />
          )}
        </section>
      )}
    </>
  );
}
