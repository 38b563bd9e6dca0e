-- Steps that wait for a person, another system or another agent; and runs that other runs have started.
--
-- A row of waits says what one attempt of a step waits for, and what came. Whoever brings an answer locks the run's queue
-- entry first, as whoever writes the run's journal does, so that one is never missed by the other: it goes into the journal at
-- once when the run is parked, and else when the run is parked next. A child run ends in a commit of many runs, which may wait
-- for nobody's rows: there locked rows are passed over, and the sweeper comes back to them (settle_waits).

alter table runs
    add column parent_run_id uuid,                  -- the run whose step has started it
    add column parent_path text,
    add column depth smallint not null default 0,   -- how many runs are above it
    add column waits integer not null default 0;    -- how often it has waited for something outside
create index runs_by_parent on runs (workspace_id, parent_run_id, id) where parent_run_id is not null;

-- Addresses that take one answer. Only a hash of the word in them is kept.
create table callbacks (
    workspace_id uuid not null,
    id           uuid not null,
    run_id       uuid not null,
    path         text not null, -- the step that made it
    token_hash   bytea not null unique,
    made_at      timestamptz not null default now(),
    used_at      timestamptz,
    content      json,
    primary key (workspace_id, id)
);
create index callbacks_of_run on callbacks (workspace_id, run_id);
call guard_tenant_table('callbacks');
create policy dispatch on callbacks to {{dispatcher}} using (true) with check (true);
grant select, insert on callbacks to {{app}};
grant select, update on callbacks to {{dispatcher}};

create table waits (
    workspace_id uuid not null,
    run_id       uuid not null,
    path         text not null,
    attempt      smallint not null,
    id           uuid not null default gen_random_uuid(),
    kind         text not null,        -- approval, callback, agent
    asked        json not null,        -- what people are shown
    child_run_id uuid,
    callback_id  uuid,
    until        timestamptz,
    since        timestamptz not null default clock_timestamp(),
    closed_at    timestamptz,          -- answered, out of time, or the run is over
    status       text,                 -- of the answer; null when there was none
    outcome      text,
    output       json,
    failure      json,
    decided_by   uuid,
    is_settled   boolean not null default false, -- once closed: nothing is left to do about it
    primary key (workspace_id, run_id, path, attempt),
    unique (workspace_id, id)
);
create index waits_for_people on waits (workspace_id, since, id) where kind = 'approval';
create index waits_by_child on waits (workspace_id, child_run_id) where child_run_id is not null;
create index waits_by_callback on waits (workspace_id, callback_id) where callback_id is not null;
create index waits_unsettled on waits (closed_at) where closed_at is not null and not is_settled;
call guard_tenant_table('waits');
create policy dispatch on waits to {{dispatcher}} using (true) with check (true);
grant select, insert, update on waits to {{app}};
grant select, insert, update on waits to {{dispatcher}};

-- ── Inside: what the functions below are made of ─────────────────────────────────────────────────────────────────────

-- Writes the answers that have come into the journal of a parked run, whose queue entry the caller has locked, and makes the
-- run due. The epoch grows, so that a worker that has just claimed it writes nothing more. Returns how many those were.
create function deliver_answers(p_workspace uuid, p_run uuid) returns integer
language plpgsql set search_path = public, pg_temp as $$
declare
    w waits;
    child record;
    blob uuid;
    place integer;
    delivered integer := 0;
begin
    for w in select * from waits a where a.workspace_id = p_workspace and a.run_id = p_run
             and a.status is not null and not a.is_settled order by a.closed_at
    loop
        perform from steps s where s.workspace_id = p_workspace and s.run_id = p_run and s.path = w.path
                and s.attempt = w.attempt and s.status in ('succeeded', 'failed', 'skipped');
        if not found then
            blob := null;
            if w.child_run_id is not null and w.status = 'succeeded' then
                select r.output, r.output_blob into child
                from runs r where r.workspace_id = p_workspace and r.id = w.child_run_id;
                w.output := child.output;
                if child.output_blob is not null then
                    insert into blobs (workspace_id, id, run_id, content)
                    select p_workspace, gen_random_uuid(), p_run, b.content
                    from blobs b where b.workspace_id = p_workspace and b.id = child.output_blob returning id into blob;
                end if;
            end if;
            select coalesce(max(s.seq), 0) + 1 into place
            from steps s where s.workspace_id = p_workspace and s.run_id = p_run;
            insert into steps (workspace_id, run_id, seq, path, attempt, status, outcome, output, output_blob, failure,
                               at, took_ms, source)
            values (p_workspace, p_run, place, w.path, w.attempt, w.status, w.outcome, w.output, blob, w.failure,
                    clock_timestamp(), extract(epoch from w.closed_at - w.since) * 1000,
                    case w.kind when 'approval' then 'given' else 'taken' end);
            delivered := delivered + 1;
        end if;
        update waits a set is_settled = true
        where a.workspace_id = p_workspace and a.run_id = p_run and a.path = w.path and a.attempt = w.attempt;
    end loop;
    if delivered > 0 then
        update queue q set epoch = q.epoch + 1, worker = null, claims = 0, due_at = now()
        where q.workspace_id = p_workspace and q.run_id = p_run;
        update runs r set steps = place, status = 'queued', cause = null, ask = null, wake_at = null
        where r.workspace_id = p_workspace and r.id = p_run;
        perform pg_notify('plainwork_ring', '');
    end if;
    return delivered;
end $$;

-- An answer to the step at p_path has come, and the caller has locked the run's queue entry: into the journal with it, or the
-- worker that has the run is told. Returns whether the run was parked.
create function hand_over(p_workspace uuid, p_run uuid, p_path text) returns boolean
language plpgsql set search_path = public, pg_temp as $$
begin
    perform from runs r where r.workspace_id = p_workspace and r.id = p_run and r.status = 'waiting';
    if found then
        perform deliver_answers(p_workspace, p_run);
        return true;
    end if;
    perform pg_notify('plainwork_answered', p_run || ' ' || p_path);
    return false;
end $$;

-- Cancels a child run. Returns whether it is over now; false: somebody is writing for it just now.
create function stop_child(p_workspace uuid, p_run uuid) returns boolean
language plpgsql set search_path = public, pg_temp as $$
begin
    perform from queue q where q.workspace_id = p_workspace and q.run_id = p_run for update skip locked;
    if not found then
        perform from queue q where q.workspace_id = p_workspace and q.run_id = p_run;
        return not found;
    end if;
    delete from queue q where q.workspace_id = p_workspace and q.run_id = p_run;
    update runs r set status = 'cancelled', finished_at = clock_timestamp(), wake_at = null, cause = null, ask = null
    where r.workspace_id = p_workspace and r.id = p_run;
    perform pg_notify('plainwork_cancelled', p_run::text);
    return true;
end $$;

-- A run is over: it waits for nothing any more, and the runs that it has started are cancelled.
create function close_waits(p_workspace uuid, p_run uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare w waits;
begin
    for w in select * from waits a where a.workspace_id = p_workspace and a.run_id = p_run and not a.is_settled
             for update skip locked
    loop
        update waits a set closed_at = coalesce(a.closed_at, clock_timestamp()),
               is_settled = w.kind <> 'agent' or w.status is not null or stop_child(p_workspace, w.child_run_id)
        where a.workspace_id = p_workspace and a.run_id = p_run and a.path = w.path and a.attempt = w.attempt;
    end loop;
end $$;

-- A child run is over: the step that has started it gets what came of it.
create function tell_parent(child runs) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    w waits;
    why json;
begin
    select * into w from waits a where a.workspace_id = child.workspace_id and a.child_run_id = child.id
    and a.closed_at is null for update skip locked;
    if not found then
        return; -- nobody waits for it any more
    end if;
    if child.status = 'cancelled' then
        why := json_build_object('kind', 'rejected', 'message', 'The run of the other agent was cancelled.');
    elsif child.status = 'failed' then
        begin
            why := (child.failure::jsonb - 'path')::json; -- the step that failed there is none of the parent's
        exception when untranslatable_character then
            why := json_build_object('kind', 'rejected', 'message', 'The run of the other agent failed.');
        end;
    end if;
    update waits a set closed_at = clock_timestamp(), failure = why,
           status = case child.status when 'succeeded' then 'succeeded' else 'failed' end
    where a.workspace_id = w.workspace_id and a.run_id = w.run_id and a.path = w.path and a.attempt = w.attempt;
    update runs r set resolved_at = clock_timestamp(), resolution = 'reported' -- it is the parent's matter now
    where r.workspace_id = child.workspace_id and r.id = child.id and r.cause is not null;
    perform from queue q where q.workspace_id = w.workspace_id and q.run_id = w.run_id for update skip locked;
    if found then
        perform hand_over(w.workspace_id, w.run_id, w.path);
    end if;
end $$;

-- ── What happens by itself ───────────────────────────────────────────────────────────────────────────────────────────

-- A step begins to wait for something outside: its row says for what in place of an outcome.
create function note_wait() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into waits (workspace_id, run_id, path, attempt, kind, asked, callback_id, until)
    values (new.workspace_id, new.run_id, new.path, new.attempt, new.outcome, new.output,
            case new.outcome when 'callback' then (new.output->>'callback')::uuid end, new.wake_at)
    on conflict do nothing;
    if not found then
        return null;
    end if;
    update runs r set waits = r.waits + 1 where r.workspace_id = new.workspace_id and r.id = new.run_id;
    if new.outcome = 'callback' then -- it may have come before the step that waits for it was reached
        update waits a set closed_at = clock_timestamp(), status = 'succeeded', output = c.content
        from callbacks c where c.workspace_id = a.workspace_id and c.id = a.callback_id and c.used_at is not null
        and a.workspace_id = new.workspace_id and a.run_id = new.run_id and a.path = new.path and a.attempt = new.attempt;
    end if;
    return null;
end $$;

create trigger note_wait after insert on steps for each row
    when (new.status = 'waiting' and new.outcome is not null and new.source = 'taken') execute function note_wait();

-- A run that waits for something, or that something waits for, is parked or over.
create function follow_run() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.status = 'waiting' then
        perform deliver_answers(new.workspace_id, new.id);
    elsif new.status in ('succeeded', 'failed', 'cancelled') and old.status not in ('succeeded', 'failed', 'cancelled') then
        if new.waits > 0 then
            perform close_waits(new.workspace_id, new.id);
        end if;
        if new.parent_run_id is not null then
            perform tell_parent(new);
        end if;
    end if;
    return null;
end $$;

create constraint trigger follow_run after update of status on runs
    deferrable initially deferred for each row -- when all that the run gave is written, blobs too
    when (new.waits > 0 or new.parent_run_id is not null) execute function follow_run();

-- ── What the application calls ───────────────────────────────────────────────────────────────────────────────────────

-- Answers the step that waits, for a person who was allowed to. False, and nothing was written, when it does not wait (any
-- more) or its time has passed.
create function answer_wait(
    p_workspace uuid, p_run uuid, p_path text, p_attempt smallint, p_outcome text, p_output bytea, p_by uuid
) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from queue q where q.workspace_id = p_workspace and q.run_id = p_run
            and q.workspace_id = current_workspace() for update;
    if not found then
        return false;
    end if;
    update waits a set closed_at = clock_timestamp(), status = 'succeeded', outcome = p_outcome,
           output = convert_from(p_output, 'UTF8')::json, decided_by = p_by
    where a.workspace_id = p_workspace and a.run_id = p_run and a.path = p_path and a.attempt = p_attempt
      and a.closed_at is null and (a.until is null or a.until > clock_timestamp());
    if not found then
        return false;
    end if;
    perform hand_over(p_workspace, p_run, p_path);
    return true;
end $$;

-- What came to the address with this word in it, once: 'taken'; 'used' before; 'gone': the run is over, or the step's time
-- has passed; 'unknown'. p_run: the run that may be due now.
create function use_callback(p_token_hash bytea, p_content bytea, out how text, out p_run uuid)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    c callbacks;
    w waits;
begin
    select * into c from callbacks a where a.token_hash = p_token_hash;
    if not found then
        how := 'unknown';
        return;
    end if;
    perform from queue q where q.workspace_id = c.workspace_id and q.run_id = c.run_id for update;
    how := case when found then 'taken' else 'gone' end;
    select * into c from callbacks a where a.token_hash = p_token_hash;
    if c.used_at is not null then
        how := 'used';
    end if;
    if how <> 'taken' then
        return;
    end if;
    select * into w from waits a where a.workspace_id = c.workspace_id and a.callback_id = c.id
    order by a.closed_at nulls first, a.since desc limit 1;
    if found and (w.closed_at is not null or w.until <= clock_timestamp()) then
        how := 'gone';
        return;
    end if;
    update callbacks a set used_at = clock_timestamp(), content = convert_from(p_content, 'UTF8')::json
    where a.workspace_id = c.workspace_id and a.id = c.id;
    if w.id is not null then
        update waits a set closed_at = clock_timestamp(), status = 'succeeded', output = convert_from(p_content, 'UTF8')::json
        where a.workspace_id = w.workspace_id and a.id = w.id;
        perform hand_over(w.workspace_id, w.run_id, w.path);
    end if;
    p_run := c.run_id;
end $$;

-- What others had to pass over: answers that are not in the journal of a parked run yet, and children of runs that are over.
-- Returns how many are settled now.
create function settle_waits(p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    w waits;
    settled integer := 0;
    is_done boolean;
begin
    for w in select * from waits a where a.closed_at is not null and not a.is_settled order by a.closed_at limit p_limit loop
        if w.status is null then
            is_done := stop_child(w.workspace_id, w.child_run_id);
        else
            perform from queue q where q.workspace_id = w.workspace_id and q.run_id = w.run_id for update skip locked;
            if found then
                perform from runs r where r.workspace_id = w.workspace_id and r.id = w.run_id and r.status = 'waiting';
                if found and deliver_answers(w.workspace_id, w.run_id) > 0 then
                    settled := settled + 1;
                end if;
                continue;
            end if;
            perform from queue q where q.workspace_id = w.workspace_id and q.run_id = w.run_id;
            is_done := not found;
        end if;
        if is_done then
            update waits a set is_settled = true where a.workspace_id = w.workspace_id and a.id = w.id;
            settled := settled + 1;
        end if;
    end loop;
    return settled;
end $$;

do $$
declare
    signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in (
            'deliver_answers', 'hand_over', 'stop_child', 'close_waits', 'tell_parent', 'note_wait', 'follow_run',
            'answer_wait', 'use_callback', 'settle_waits')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant execute on function answer_wait, use_callback, settle_waits to {{app}};
