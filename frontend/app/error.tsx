"use client";

/** For what no panel has caught: the frame of the page stays. */
export default function Failed({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div className="p-4" role="alert">
      <h1 className="text-lg font-semibold">This page failed</h1>
      <p className="mt-1 break-words text-soft">
        {error.message}.{" "}
        <button type="button" onClick={reset} className="text-accent underline">
          Try again
        </button>
      </p>
    </div>
  );
}
