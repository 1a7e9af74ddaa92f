import Link from "next/link";

/** The framework's own would need inline styles, which the site's policy forbids. */
export default function NotFound() {
  return (
    <div className="p-4">
      <h1 className="text-lg font-semibold">There is nothing at this address</h1>
      <p className="mt-1 text-soft">
        It may have been cut off, or be of another version.{" "}
        <Link href="/" className="text-accent underline">
          To the live page
        </Link>
      </p>
    </div>
  );
}
