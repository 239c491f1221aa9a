const PATHS = {
  close: "M6 6l12 12M18 6 6 18",
  download: "M12 4v12m0 0 5-5m-5 5-5-5M4 19.5h16",
  edit: "M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4",
  first: "m18 5-7 7 7 7M6 5v14",
  next: "m9 5 7 7-7 7",
  previous: "m15 5-7 7 7 7",
  screen: "M4 4.5h16v12H4zM8.5 20h7M12 7.5v5.5m0 0 2.5-2.5M12 13l-2.5-2.5",
  star: "m12 4 2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
