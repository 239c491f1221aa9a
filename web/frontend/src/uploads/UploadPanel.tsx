import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useSyncExternalStore } from "react";

import { t } from "../i18n";
import type { UploadQueue } from "./queue";
import { batchText } from "./summary";
import type { Unfinished } from "./unfinished";
import { UnfinishedList } from "./UnfinishedList";
import { UploadRow } from "./UploadRow";

const ROW_PX = 62;

interface Props {
  queue: UploadQueue;
  unfinished: Unfinished;
  showsLocations: boolean;
}

export function UploadPanel({ queue, unfinished, showsLocations }: Props) {
  const ids = useSyncExternalStore(queue.subscribe, queue.list);
  return (
    <>
      <UnfinishedList unfinished={unfinished} />
      {ids.length > 0 && (
        <div className="uploads">
          <Head queue={queue} />
          <Located queue={queue} showsLocations={showsLocations} />
          <Rows ids={ids} queue={queue} />
        </div>
      )}
    </>
  );
}

function Head({ queue }: { queue: UploadQueue }) {
  const totals = useSyncExternalStore(queue.subscribe, queue.sums);
  const action = (words: string, act: () => void) => (
    <button type="button" className="button button-small" onClick={act}>
      {words}
    </button>
  );
  return (
    <div className="uploads-head">
      <p role="status">{batchText(totals)}</p>
      {totals.canRetry > 1 && action(t.upload.retryAll(totals.canRetry), () => queue.retryAll())}
      {totals.underWay > 1 && action(t.upload.cancelAll, () => queue.cancelAll())}
      {totals.underWay === 0 && action(t.upload.clear, () => queue.clearSettled())}
    </div>
  );
}

/** Whoever sends photos from a phone seldom knows that these say where home is. */
function Located({ queue, showsLocations }: Pick<Props, "queue" | "showsLocations">) {
  const { located } = useSyncExternalStore(queue.subscribe, queue.sums);
  const words = showsLocations ? t.upload.locatedShown : t.upload.locatedHidden;
  return located > 0 ? <p className="uploads-note">{words(located)}</p> : null;
}

/** Only the rows in sight exist: two thousand files are no more work than twenty. */
function Rows({ ids, queue }: { ids: readonly number[]; queue: UploadQueue }) {
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: ids.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => ids[index]!,
    overscan: 6,
  });
  return (
    <div ref={box} className="uploads-list" tabIndex={0} role="group" aria-label={t.upload.list}>
      <ul role="list" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => (
          <UploadRow
            key={key}
            id={ids[index]!}
            queue={queue}
            index={index}
            total={ids.length}
            top={start}
            measure={virtualizer.measureElement}
          />
        ))}
      </ul>
    </div>
  );
}
