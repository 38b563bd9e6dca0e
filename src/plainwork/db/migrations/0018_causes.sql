-- Runs of one cause among all that need, or needed, a person.
create index runs_by_cause on runs (workspace_id, cause, id) where cause is not null;

-- What was not timed is in no bucket.
create or replace function bucket_of(p_ms float8) returns smallint language sql immutable parallel safe strict
return least(floor(8 * ln(greatest(p_ms * 1000, 1)) / ln(2::float8)), 32767)::smallint;
