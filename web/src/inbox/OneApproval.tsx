import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { ApprovalCard } from "./ApprovalCard";
import { approvalQuery } from "./queries";

/** A button that opens the question that a run waits for. */
export function OneApproval({ approvalId }: { approvalId: string }) {
  const [isOpen, setOpen] = useState(false);
  const { data, error, refetch } = useQuery(approvalQuery(approvalId));
  return (
    <>
      <Button size="sm" variant="primary" onClick={() => setOpen(true)}>
        {data?.may_decide ? "Decide" : "Look at it"}
      </Button>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title={data?.title ?? "Approval"}>
        {data ? (
          <ApprovalCard approval={data} bare onDecided={() => setOpen(false)} />
        ) : error ? (
          <ErrorNote problem={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonLines lines={4} label="Loading the question" />
        )}
      </Dialog>
    </>
  );
}
