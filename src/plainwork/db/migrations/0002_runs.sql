-- Runs, their journal, their queue, and the schedules that start them.
--
-- runs and steps are partitioned by month. Their keys are UUIDv7, which begin with the time, so the key itself is what
-- they are partitioned by: a look-up by key touches one partition. Rows here have no foreign keys on purpose: a lock on
-- the version's row for each start would make all starts of one agent queue up for it. Starting a run reads the version
-- inside its workspace; retention drops whole months.

create table runs (
    workspace_id uuid not null,
    id           uuid not null,
    agent_id     uuid not null,
    version_id   uuid not null,
    status       text not null default 'queued'
                 check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    cause        text,                       -- why a person is needed; with it the run is in the dead-letter inbox
    trigger      json not null default '{}', -- json, not jsonb: it keeps the order of keys and takes \u0000
    inputs       json not null default '{}',
    vars         json not null default '{}',
    output       json,
    output_blob  uuid,
    failure      json,
    ask          text,                       -- the step that a person is asked about
    created_at   timestamptz not null default now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    wake_at      timestamptz,
    deadline_at  timestamptz,
    steps        integer not null default 0,
    tokens       bigint not null default 0,
    cost_usd     numeric not null default 0,
    primary key (workspace_id, id)
) partition by range (id);

create index runs_of_agent on runs (workspace_id, agent_id, id);
create index runs_needing_a_person on runs (workspace_id, id) where cause is not null;

-- The journal: only ever added to. An effect's intent is a row with status 'started' and its idempotency key.
create table steps (
    workspace_id    uuid not null,
    run_id          uuid not null,
    seq             integer not null,
    path            text not null,
    attempt         smallint not null,
    status          text not null,
    outcome         text,
    output          json,
    output_blob     uuid,
    failure         json,
    wake_at         timestamptz,
    idempotency_key text,
    request_hash    text,
    at              timestamptz not null,
    took_ms         real,
    primary key (workspace_id, run_id, seq)
) partition by range (run_id);

-- What may start only once: a trigger's idempotency key, per agent.
create table run_keys (
    workspace_id uuid not null,
    agent_id     uuid not null,
    key          text not null,
    run_id       uuid not null,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, agent_id, key)
);

-- One row for each run that has not ended. due_at is when the run may next be claimed: at once when it is queued, when
-- its lease ends while a worker has it, when it wakes while it waits, never ('infinity') while it waits for a person.
create table queue (
    workspace_id uuid not null,
    run_id       uuid not null,
    due_at       timestamptz not null default now(),
    deadline_at  timestamptz,
    epoch        integer not null default 0,
    claims       smallint not null default 0, -- since a worker last wrote something for it
    worker       integer,
    primary key (workspace_id, run_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index queue_due on queue (due_at);
create index queue_deadline on queue (deadline_at) where deadline_at is not null;

-- A worker holds an advisory lock on its number for as long as its session lives: when the process dies, Postgres lets
-- go of it at once, and the sweeper need not wait for the leases to end.
create table workers (
    number     integer primary key generated always as identity,
    name       text not null,
    started_at timestamptz not null default now()
);

create table blobs (
    workspace_id uuid not null,
    id           uuid not null,
    run_id       uuid not null,
    content      bytea not null,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index blobs_of_run on blobs (workspace_id, run_id);

create table schedules (
    workspace_id uuid not null,
    id           uuid not null,
    agent_id     uuid not null,
    version_id   uuid not null,
    trigger_id   text not null,
    phrase       text,
    cron         text not null,
    timezone     text not null,
    map          json not null default '{}',
    missed       text not null default 'last' check (missed in ('skip', 'last', 'all')),
    paused_at    timestamptz,
    next_at      timestamptz, -- null: not worked out yet; infinity: never again
    created_at   timestamptz not null default now(),
    primary key (workspace_id, id),
    unique (workspace_id, agent_id, trigger_id)
);
create index schedules_due on schedules (next_at) where paused_at is null;
create index schedules_to_plan on schedules (created_at) where next_at is null and paused_at is null;

-- The schedules of an agent are those of its live version, whoever moves the pointer: one whose times stay the same keeps
-- when it is due next; a new one, or one that was paused, is planned from now on.
create function follow_live_version() returns trigger language plpgsql as $$
begin
    with live as (
        select node->>'id' as trigger_id, node->'config'->>'phrase' as phrase, node->'config'->>'cron' as cron,
               coalesce(node->'config'->>'timezone', 'UTC') as timezone, coalesce(node->'config'->'map', '{}')::json as map
        from agent_versions v, jsonb_array_elements((v.flow->'nodes')::jsonb) node
        where v.workspace_id = new.workspace_id and v.id = new.live_version_id and new.deleted_at is null
          and coalesce((v.flow->>'enabled')::boolean, true)
          and node->>'type' = 'trigger.schedule@1' and node->'config'->>'cron' is not null
    ), gone as (
        delete from schedules s where s.workspace_id = new.workspace_id and s.agent_id = new.id
        and s.trigger_id not in (select l.trigger_id from live l)
    )
    insert into schedules as s (workspace_id, id, agent_id, version_id, trigger_id, phrase, cron, timezone, map, paused_at)
    select new.workspace_id, gen_random_uuid(), new.id, new.live_version_id, l.trigger_id, l.phrase, l.cron, l.timezone, l.map,
           new.paused_at
    from live l
    on conflict (workspace_id, agent_id, trigger_id) do update set
        version_id = excluded.version_id, phrase = excluded.phrase, cron = excluded.cron, timezone = excluded.timezone,
        map = excluded.map, paused_at = excluded.paused_at,
        next_at = case when s.cron = excluded.cron and s.timezone = excluded.timezone and s.paused_at is null
                       then s.next_at end;
    return null;
end $$;

create trigger follow_live_version after update of live_version_id, paused_at, deleted_at on agents
    for each row execute function follow_live_version();
create trigger follow_first_version after insert on agents
    for each row when (new.live_version_id is not null) execute function follow_live_version();

-- One row for each time a schedule was due: its key is why a tick fires exactly once.
create table schedule_ticks (
    workspace_id uuid not null,
    schedule_id  uuid not null,
    due_at       timestamptz not null,
    run_id       uuid,
    fired_at     timestamptz not null default now(),
    primary key (workspace_id, schedule_id, due_at)
);

call guard_tenant_table('runs');
call guard_tenant_table('steps');
call guard_tenant_table('run_keys');
call guard_tenant_table('queue');
call guard_tenant_table('blobs');
call guard_tenant_table('schedules');
call guard_tenant_table('schedule_ticks');
call guard_table('workers');

grant select, insert, update on runs to {{app}};
grant select on steps, blobs, schedule_ticks to {{app}};
grant select, insert on run_keys to {{app}};
grant select, insert, update, delete on queue to {{app}};
grant select, insert, update, delete on schedules to {{app}};

-- What was meant to be done outside, and what became of it: null as long as nobody knows.
create view effects with (security_invoker = true) as
select i.workspace_id, i.run_id, i.path, i.attempt, i.idempotency_key, i.request_hash, i.at as intended_at,
       r.status as result, r.at as settled_at
from steps i
left join steps r on r.workspace_id = i.workspace_id and r.run_id = i.run_id and r.path = i.path
     and r.attempt = i.attempt and r.seq > i.seq and r.status <> 'started'
where i.status = 'started';
grant select on effects to {{app}};

-- ---------------------------------------------------------------------------------------------------------------------
-- What crosses workspaces: a few functions of the role {{dispatcher}}, each for a whole batch. They check every row
-- themselves. The planner settings are there because a plan made while the tables were empty must not last.

create function uuid7_at(at timestamptz) returns uuid
language sql immutable parallel safe
return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Makes the monthly partitions from the month of p_from on; a month that is there is left alone. Returns how many it made.
create function make_partitions(p_from timestamptz, p_months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp set client_min_messages = warning as $$
declare
    made integer := 0;
    month timestamptz;
    parent text;
    part text;
begin
    perform pg_advisory_xact_lock(7010010);
    for i in 0 .. p_months - 1 loop
        month := date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC' + make_interval(months => i);
        foreach parent in array array['runs', 'steps'] loop
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYY_MM'));
            continue when to_regclass(part) is not null;
            execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent,
                           uuid7_at(month), uuid7_at(month + interval '1 month'));
            call guard_table(part::regclass);
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$;

-- A worker's number. The caller takes the advisory lock (7010011, number) right after, in the same session.
create function register_worker(p_name text) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare mine integer;
begin
    insert into workers (name) values (p_name) returning number into mine;
    perform pg_advisory_lock(7010011, mine);
    return mine;
end $$;

-- Leases up to p_limit due runs to a worker and says all it needs to begin. A run is a suspect when two workers were
-- lost while they had it: at most p_suspects of those are handed out, so that one which kills its worker is found alone.
create function claim_runs(p_limit integer, p_suspects integer, p_worker integer, p_lease_s float8)
returns table (workspace_id uuid, run_id uuid, epoch integer, claims smallint, agent_id uuid, version_id uuid,
               trigger json, inputs json, vars json, started_at timestamptz, deadline_at timestamptz, tokens bigint,
               cost_usd float8, claimed_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    return query
    with ordinary as (
        select q.workspace_id, q.run_id from queue q
        where q.due_at <= now() and q.claims < 2 order by q.due_at limit p_limit for update skip locked
    ), suspect as (
        select q.workspace_id, q.run_id from queue q
        where q.due_at <= now() and q.claims >= 2 order by q.due_at limit p_suspects for update skip locked
    ), due as (
        select * from ordinary union all select * from suspect
    ), claimed as (
        update queue q set due_at = now() + make_interval(secs => p_lease_s), epoch = q.epoch + 1,
                           claims = q.claims + 1, worker = p_worker
        from due d where q.workspace_id = d.workspace_id and q.run_id = d.run_id
        returning q.workspace_id, q.run_id, q.epoch, q.claims, q.deadline_at
    )
    select r.workspace_id, r.id, c.epoch, c.claims, r.agent_id, r.version_id, r.trigger, r.inputs,
           case when r.vars::text <> '{}' then r.vars end, r.started_at, c.deadline_at, r.tokens, r.cost_usd::float8, now()
    from claimed c join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id;
end $$;

-- The same for one run that is known by name.
create function claim_run(p_workspace uuid, p_run uuid, p_worker integer, p_lease_s float8)
returns table (workspace_id uuid, run_id uuid, epoch integer, claims smallint, agent_id uuid, version_id uuid,
               trigger json, inputs json, vars json, started_at timestamptz, deadline_at timestamptz, tokens bigint,
               cost_usd float8, claimed_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query
    with claimed as (
        update queue q set due_at = now() + make_interval(secs => p_lease_s), epoch = q.epoch + 1,
                           claims = q.claims + 1, worker = p_worker
        where q.workspace_id = p_workspace and q.run_id = p_run and q.due_at <= now()
        returning q.workspace_id, q.run_id, q.epoch, q.claims, q.deadline_at
    )
    select r.workspace_id, r.id, c.epoch, c.claims, r.agent_id, r.version_id, r.trigger, r.inputs,
           case when r.vars::text <> '{}' then r.vars end, r.started_at, c.deadline_at, r.tokens, r.cost_usd::float8, now()
    from claimed c join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id;
end $$;

-- Which runs are due (at most p_limit), and in how many seconds the next one will be.
create function queue_outlook(p_limit integer, out run_ids uuid[], out next_in_s float8)
language plpgsql stable security definer set search_path = public, pg_temp set enable_seqscan = off as $$
begin
    select coalesce(array_agg(d.run_id), '{}') into run_ids
    from (select q.run_id from queue q where q.due_at <= now() order by q.due_at limit p_limit) d;
    select extract(epoch from q.due_at - now())::float8 into next_in_s
    from queue q where q.due_at > now() and q.due_at < 'infinity' order by q.due_at limit 1;
end $$;

-- Extends leases; returns the positions (from 1) of those that are still held.
create function renew_leases(p_workspace uuid[], p_run uuid[], p_epoch integer[], p_lease_s float8) returns integer[]
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare held integer[];
begin
    with kept as (
        update queue q set due_at = now() + make_interval(secs => p_lease_s)
        from unnest(p_workspace, p_run, p_epoch) with ordinality u(w, r, e, i)
        where q.workspace_id = u.w and q.run_id = u.r and q.epoch = u.e
        returning u.i::integer
    ) select array_agg(i) into held from kept;
    return coalesce(held, '{}');
end $$;

-- Commits a group of journal records with the changes of their runs. One position per run: its workspace, id and epoch
-- are checked against the queue entry, which stays locked until the commit; whatever belongs to a position that is not
-- held is not written. Rows are progress: a run that has some is no suspect any more. States: running (the lease goes on), waiting (until r_due, or for ever), released (given back),
-- succeeded, failed. p_again: the caller does not know whether it has sent this group before; what is there stays.
-- Returns the positions (from 1) that were held.
create function flush_journal(
    r_workspace uuid[], r_run uuid[], r_epoch integer[], r_state text[], r_touch boolean[], r_due float8[],
    r_started float8[], r_steps integer[], r_tokens bigint[], r_cost float8[], r_cause text[], r_output bytea[],
    r_output_blob uuid[], r_failure bytea[], r_ask text[],
    s_of integer[], s_seq integer[], s_path text[], s_attempt smallint[], s_status text[], s_outcome text[],
    s_output bytea[], s_output_blob uuid[], s_failure bytea[], s_wake float8[], s_key text[], s_hash text[],
    s_at float8[], s_took real[],
    b_of integer[], b_id uuid[], b_content bytea[], p_calls bytea, p_again boolean
) returns integer[]
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare held integer[];
begin
    with u as (
        select * from unnest(r_workspace, r_run, r_epoch, r_state, r_due) with ordinality u(w, r, e, state, due, i)
    ), gone as (
        delete from queue q using u
        where u.state in ('succeeded', 'failed') and q.workspace_id = u.w and q.run_id = u.r and q.epoch = u.e
        returning u.i
    ), parked as (
        update queue q set claims = 0, worker = null,
               due_at = case u.state when 'released' then now()
                        else least(coalesce(to_timestamp(u.due), 'infinity'), q.deadline_at) end
        from u
        where u.state in ('waiting', 'released') and q.workspace_id = u.w and q.run_id = u.r and q.epoch = u.e
        returning u.i
    ), cleared as (
        update queue q set claims = 0 from u
        where u.state = 'running' and q.claims > 0 and u.i = any (s_of) and q.workspace_id = u.w and q.run_id = u.r and q.epoch = u.e
        returning u.i
    ), kept as (
        select u.i from u join queue q on q.workspace_id = u.w and q.run_id = u.r and q.epoch = u.e
        where u.state = 'running' and (q.claims = 0 or u.i <> all (s_of)) for no key update of q
    )
    select array_agg(i::integer) into held from (
        select i from gone union all select i from parked union all select i from cleared union all select i from kept
    ) all_held;
    if held is null then
        return '{}';
    end if;

    insert into steps (workspace_id, run_id, seq, path, attempt, status, outcome, output, output_blob, failure, wake_at,
                       idempotency_key, request_hash, at, took_ms)
    select r_workspace[s.i], r_run[s.i], s.seq, s.path, s.attempt, s.status, s.outcome,
           convert_from(s.output, 'UTF8')::json, s.blob, convert_from(s.failure, 'UTF8')::json,
           to_timestamp(s.wake), s.key, s.hash, to_timestamp(s.at), s.took
    from unnest(s_of, s_seq, s_path, s_attempt, s_status, s_outcome, s_output, s_output_blob, s_failure, s_wake, s_key,
                s_hash, s_at, s_took)
         as s(i, seq, path, attempt, status, outcome, output, blob, failure, wake, key, hash, at, took)
    where s.i = any (held) and not (p_again and exists (
        select from steps t where t.workspace_id = r_workspace[s.i] and t.run_id = r_run[s.i] and t.seq = s.seq));

    update runs r set
        status = case u.state when 'released' then 'queued' else u.state end,
        cause = u.cause, output = convert_from(u.output, 'UTF8')::json, output_blob = u.blob,
        failure = convert_from(u.failure, 'UTF8')::json, ask = u.ask,
        started_at = coalesce(r.started_at, to_timestamp(u.started)),
        finished_at = case when u.state in ('succeeded', 'failed') then clock_timestamp() end,
        wake_at = case when u.state = 'waiting' then to_timestamp(u.due) end,
        steps = greatest(r.steps, u.steps), tokens = u.tokens, cost_usd = u.cost
    from unnest(r_workspace, r_run, r_state, r_touch, r_due, r_started, r_steps, r_tokens, r_cost, r_cause, r_output,
                r_output_blob, r_failure, r_ask) with ordinality
         as u(w, r, state, touch, due, started, steps, tokens, cost, cause, output, blob, failure, ask, i)
    where u.touch and u.i = any (held) and r.workspace_id = u.w and r.id = u.r;

    if cardinality(b_of) > 0 then
        insert into blobs (workspace_id, id, run_id, content)
        select r_workspace[b.i], b.id, r_run[b.i], b.content
        from unnest(b_of, b_id, b_content) as b(i, id, content) where b.i = any (held)
        on conflict do nothing;
    end if;
    if p_calls is not null then
        insert into llm_calls (workspace_id, id, at, run_id, step_path, agent_id, version_id, provider, model, status,
                               failure, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd,
                               latency_ms, first_token_ms)
        select r_workspace[c.i], c.id, to_timestamp(c.at), r_run[c.i], c.path, c.agent_id, c.version_id, c.provider,
               c.model, case when c.failure is null then 'succeeded' else 'failed' end, c.failure, c.input, c.output,
               c.cached, c.reasoning, c.cost_usd, c.latency_ms, c.first_token_ms
        from json_to_recordset(convert_from(p_calls, 'UTF8')::json) as c(i integer, id uuid, at float8, path text, agent_id uuid, version_id uuid,
             provider text, model text, failure text, input integer, output integer, cached integer, reasoning integer,
             cost_usd numeric, latency_ms integer, first_token_ms integer)
        where c.i = any (held)
        on conflict do nothing;
    end if;
    return held;
end $$;

-- What nobody else can do any more: the leases of workers whose session has ended are given back, and runs that are long
-- past their deadline with nobody to end them are failed. Returns both counts.
create function sweep_queue(p_grace_s float8, out given_back integer, out timed_out integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare dead integer[];
begin
    select array_agg(w.number) into dead from workers w
    where not exists (select from pg_locks l where l.locktype = 'advisory' and l.classid = 7010011
                      and l.objid = w.number::oid and l.granted
                      and l.database = (select d.oid from pg_database d where d.datname = current_database()))
      and w.started_at < clock_timestamp() - interval '1 second';
    given_back := 0;
    if dead is not null then
        update queue q set due_at = now(), worker = null
        where (q.workspace_id, q.run_id) in (
            select l.workspace_id, l.run_id from queue l where l.worker = any (dead) for update skip locked);
        get diagnostics given_back = row_count;
        delete from workers w where w.number = any (dead)
               and not exists (select from queue q where q.worker = w.number);
    end if;
    with late as (
        delete from queue q where (q.workspace_id, q.run_id) in (
            select l.workspace_id, l.run_id from queue l
            where l.deadline_at < now() - make_interval(secs => p_grace_s) for update skip locked)
        returning q.workspace_id, q.run_id
    )
    update runs r set status = 'failed', cause = 'timed_out', finished_at = now(),
           failure = '{"kind": "timeout", "message": "The run passed its time limit."}'
    from late where r.workspace_id = late.workspace_id and r.id = late.run_id;
    get diagnostics timed_out = row_count;
end $$;

-- Schedules that are due or not planned yet, locked until the transaction ends, so that another scheduler passes over them.
create function claim_due_schedules(p_now timestamptz, p_limit integer) returns setof schedules
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query select * from schedules s where s.next_at is null and s.paused_at is null
                 order by s.created_at limit p_limit for update skip locked;
    return query select * from schedules s where s.next_at <= p_now and s.paused_at is null
                 order by s.next_at limit p_limit for update skip locked;
end $$;

-- Fires ticks: for each that is new, a run with its queue entry (or, with a failure, a run that could not be delivered).
-- Returns the ids of the runs that were made.
create function fire_ticks(
    p_workspace uuid[], p_schedule uuid[], p_due timestamptz[], p_run uuid[], p_agent uuid[], p_version uuid[],
    p_trigger json[], p_inputs json[], p_failure json[], p_deadline_s float8[]
) returns uuid[] -- json here, not bytes: ticks are few
language plpgsql security definer set search_path = public, pg_temp as $$
declare made uuid[];
begin
    with fresh as (
        insert into schedule_ticks (workspace_id, schedule_id, due_at, run_id)
        select * from unnest(p_workspace, p_schedule, p_due, p_run)
        on conflict do nothing returning run_id
    ) select array_agg(run_id) into made from fresh;
    insert into runs (workspace_id, id, agent_id, version_id, status, cause, trigger, inputs, vars, failure, finished_at,
                      deadline_at)
    select u.w, u.id, u.agent, u.version, case when u.failure is null then 'queued' else 'failed' end,
           case when u.failure is not null then 'undeliverable' end, u.trigger, coalesce(u.inputs, '{}'),
           (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v where v.workspace_id = u.w),
           u.failure, case when u.failure is not null then now() end, now() + make_interval(secs => u.deadline_s)
    from unnest(p_workspace, p_run, p_agent, p_version, p_trigger, p_inputs, p_failure, p_deadline_s)
         as u(w, id, agent, version, trigger, inputs, failure, deadline_s)
    where u.id = any (made);
    insert into queue (workspace_id, run_id, deadline_at)
    select u.w, u.id, now() + make_interval(secs => u.deadline_s)
    from unnest(p_workspace, p_run, p_failure, p_deadline_s) as u(w, id, failure, deadline_s)
    where u.id = any (made) and u.failure is null;
    return coalesce(made, '{}');
end $$;

-- Sets when schedules are due next (null: never again).
create function set_next_ticks(p_workspace uuid[], p_schedule uuid[], p_next timestamptz[]) returns void
language sql security definer set search_path = public, pg_temp as $$
    update schedules s set next_at = u.next
    from unnest(p_workspace, p_schedule, p_next) as u(w, id, next)
    where s.workspace_id = u.w and s.id = u.id
$$;

do $$
declare
    signature regprocedure;
    guarded text;
begin
    foreach guarded in array array['runs', 'steps', 'queue', 'blobs', 'schedules', 'schedule_ticks', 'workers', 'llm_calls',
                                 'workspace_variables'] loop
        execute format('create policy dispatch on %I to {{dispatcher}} using (true) with check (true)', guarded);
    end loop;
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname in
        ('register_worker', 'claim_runs', 'claim_run', 'queue_outlook', 'renew_leases', 'flush_journal', 'sweep_queue', 'claim_due_schedules',
         'fire_ticks', 'set_next_ticks')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
revoke execute on function make_partitions from public;
grant execute on function make_partitions to {{app}};

grant select, insert, update on runs, queue, schedules to {{dispatcher}};
grant delete on queue to {{dispatcher}};
grant insert on steps, blobs, llm_calls to {{dispatcher}};
grant select on steps, workspace_variables to {{dispatcher}};
grant select, insert on schedule_ticks to {{dispatcher}};
grant select, insert, delete on workers to {{dispatcher}};
grant execute on function current_workspace, uuid7_at to {{app}}, {{dispatcher}};

create table runs_default partition of runs default;
create table steps_default partition of steps default;
call guard_table('runs_default');
call guard_table('steps_default');
select make_partitions(now() - interval '1 month', 5);
