-- Runs that come of other runs, and what became of those that needed a person.
--
-- A retried run begins with journal rows of the run that it comes of. They are copied, outputs kept apart too, so that
-- neither run needs the other from then on.

alter table runs
    add column origin_run_id uuid,      -- the run that it comes of
    add column origin_step text,        -- the step from which that one is taken again; null: from the start, or all the rest
    add column resolved_at timestamptz, -- when a person dealt with it: it is not in the inbox any more
    add column resolution text;         -- how: retried, skipped, answered, discarded

create index runs_by_origin on runs (workspace_id, origin_run_id, id) where origin_run_id is not null;
create index runs_in_inbox on runs (workspace_id, id) include (cause, agent_id)
    where cause is not null and resolved_at is null;
drop index runs_needing_a_person; -- the inbox was the only reader, and holds fewer now

alter table steps add column source text not null default 'taken'; -- by the run itself; 'carried' over; 'given' by a person

-- Copies rows of another run's journal into the empty journal of a new run that names it as its origin. Nobody has had the
-- new run yet; its epoch becomes 1, so that whoever claims it reads its journal. Returns how many rows those are.
create function carry_over(p_workspace uuid, p_origin uuid, p_run uuid, p_rows integer[]) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare carried integer;
begin
    update queue q set epoch = 1
    from runs r
    where q.workspace_id = p_workspace and q.run_id = p_run and q.epoch = 0 and q.workspace_id = current_workspace()
      and r.workspace_id = p_workspace and r.id = p_run and r.origin_run_id = p_origin and r.steps = 0;
    if not found then
        raise exception 'rows are carried over into a new run of that origin, and once'
            using errcode = 'insufficient_privilege';
    end if;
    with chosen as materialized (
        select s.*, (row_number() over (order by s.seq))::integer as place,
               case when s.output_blob is not null then gen_random_uuid() end as copy
        from steps s where s.workspace_id = p_workspace and s.run_id = p_origin and s.seq = any (p_rows)
    ), kept_apart as (
        insert into blobs (workspace_id, id, run_id, content)
        select p_workspace, c.copy, p_run, b.content
        from chosen c join blobs b on b.workspace_id = p_workspace and b.id = c.output_blob
    )
    insert into steps (workspace_id, run_id, seq, path, attempt, status, outcome, output, output_blob, failure, wake_at,
                       idempotency_key, request_hash, at, took_ms, source)
    select p_workspace, p_run, c.place, c.path, c.attempt, c.status, c.outcome, c.output, c.copy, c.failure, c.wake_at,
           c.idempotency_key, c.request_hash, c.at, c.took_ms, 'carried'
    from chosen c;
    get diagnostics carried = row_count;
    update runs r set steps = carried where r.workspace_id = p_workspace and r.id = p_run;
    return carried;
end $$;

-- Adds what a person says about a step to the journal of a run that waits for it (its question is about that step), or of
-- a new run that comes of another. The epoch grows, so that a worker that has just claimed the run writes nothing more. The
-- output goes into a blob when p_blob names one. Returns the row's number; null: the run does not wait for that.
create function note_decision(
    p_workspace uuid, p_run uuid, p_path text, p_attempt smallint, p_status text, p_outcome text, p_output bytea,
    p_blob uuid, p_failure bytea
) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare place integer;
begin
    perform from queue q where q.workspace_id = p_workspace and q.run_id = p_run
            and q.workspace_id = current_workspace() for update;
    if not found then
        return null;
    end if;
    perform from runs r
    where r.workspace_id = p_workspace and r.id = p_run
      and (r.status = 'waiting' and r.ask = p_path
           or r.status = 'queued' and r.started_at is null and r.origin_run_id is not null);
    if not found then
        return null;
    end if;
    select coalesce(max(s.seq), 0) + 1 into place from steps s where s.workspace_id = p_workspace and s.run_id = p_run;
    if p_blob is not null then
        insert into blobs (workspace_id, id, run_id, content) values (p_workspace, p_blob, p_run, p_output);
    end if;
    insert into steps (workspace_id, run_id, seq, path, attempt, status, outcome, output, output_blob, failure, at, source)
    values (p_workspace, p_run, place, p_path, p_attempt, p_status, p_outcome,
            case when p_blob is null then convert_from(p_output, 'UTF8')::json end, p_blob,
            convert_from(p_failure, 'UTF8')::json, clock_timestamp(), 'given');
    update queue q set epoch = q.epoch + 1, worker = null, claims = 0, due_at = now()
    where q.workspace_id = p_workspace and q.run_id = p_run;
    update runs r set steps = place, status = 'queued', cause = null, ask = null, wake_at = null
    where r.workspace_id = p_workspace and r.id = p_run;
    return place;
end $$;

do $$
declare
    signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in ('carry_over', 'note_decision')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant select on blobs to {{dispatcher}};
