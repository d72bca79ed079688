// The way in, where there is a password.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { change } from "../reports";
import { me } from "../state";

export function Login({ done }: { done: () => void }): JSX.Element {
  const [secret, set] = useState("");
  const [error, fail] = useState("");
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await change("POST", "/api/login", { secret });
      me.value = undefined;
      done();
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <main class="door">
      <form class="panel form" onSubmit={submit}>
        <h1>Footfall</h1>
        <label>
          Password or token
          <input
            type="password"
            autocomplete="current-password"
            required
            value={secret}
            onInput={event => set(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Log in
        </button>
        {error && <p role="alert">{error}</p>}
      </form>
    </main>
  );
}
