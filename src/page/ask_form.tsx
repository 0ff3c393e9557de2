import type { Question } from "./ask_question.ts";

/** The form that asks. It works without the script; with it, the answer arrives below the form without a new page. */
export function AskForm({ question }: { question: Question }) {
  return (
    <form
      id="ask-form"
      method="post"
      action="/#answer"
      encType="multipart/form-data"
      aria-labelledby="ask-title"
    >
      <label class="field column" for="identity">
        <b>Identity of the source</b>
        <span class="quiet">
          The output of <code>vfio-ask identity DEVICE</code> on the source's host
        </span>
      </label>
      <div class="drop">
        <textarea
          id="identity"
          name="identity"
          rows={6}
          spellcheck={false}
          autocomplete="off"
          placeholder='{ "schema": "vfio-ask/identity/v1", … }'
        >
          {question.identity}
        </textarea>
        <p class="drop-hint">
          <span class="scripted">Drop a file here, or</span>
          <label class="file">
            <span>choose a file</span>
            <input type="file" name="file" accept=".json,application/json" />
          </label>
        </p>
      </div>
      <label class="field column" for="source-device">
        <b>Or a device of this host</b>
        <span class="quiet">Where else on this host could it run?</span>
      </label>
      <input
        type="text"
        id="source-device"
        name="device"
        class="mono"
        value={question.device}
        list="device-names"
        autocomplete="off"
        spellcheck={false}
        placeholder="0000:41:00.1"
      />
      <datalist id="device-names"></datalist>
      <fieldset class="choices">
        <legend class="hidden">How to answer</legend>
        <label>
          <input type="checkbox" name="free-first" checked={question.freeFirst} /> Free now first
        </label>
        <label>
          <input type="checkbox" name="no-unknown" checked={!question.unknown} />{" "}
          Hide unknown offers
        </label>
      </fieldset>
      <p class="actions">
        <button type="submit" class="button primary">Ask</button>{" "}
        <span class="quiet small">Opens no device, and reserves nothing.</span>
      </p>
    </form>
  );
}
