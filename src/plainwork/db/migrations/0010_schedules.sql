-- Schedules that overlap, are made up for, spread, paused and filled in; alarms for those that do not fire; retention.

-- ── Schedules ────────────────────────────────────────────────────────────────────────────────────────────────────
-- A schedule holds all that a tick needs, so that firing reads no version: what the live version declares as inputs and
-- limits stands beside its times.
alter table schedules drop constraint schedules_missed_check;
alter table schedules
    add constraint schedules_missed_check check (missed ~ '^(skip|last|all|all up to [0-9]{1,4})$'),
    add column overlap       text not null default 'allow' check (overlap in ('allow', 'skip', 'queue', 'cancel previous')),
    add column jitter        text,                      -- a duration, as written
    add column inputs        json not null default '{}',
    add column limits        json not null default '{}',
    add column held_at       timestamptz,               -- paused by itself; paused_at: with its agent
    add column fires_at      timestamptz,               -- next_at put off by the jitter; null: a scheduler has to look at it
    add column failed_starts integer not null default 0, -- ticks in a row that could not be started
    add column changed_at    timestamptz not null default now(); -- since when these times count

drop index schedules_due;
drop index schedules_to_plan;
create index schedules_due on schedules (fires_at) where paused_at is null and held_at is null;
create index schedules_to_plan on schedules (created_at) where fires_at is null and paused_at is null and held_at is null;

-- state: fired (run_id is the run), waiting (for the run before, or as part of a backfill), skipped (reason says why).
alter table schedule_ticks
    alter column fired_at drop not null,
    alter column fired_at drop default,
    add column state      text not null default 'fired' check (state in ('fired', 'waiting', 'skipped')),
    add column reason     text,
    add column planned_at timestamptz,                  -- due_at put off by the jitter
    add column backfill   boolean not null default false,
    add column paced      boolean not null default true, -- while it waits: for the run before; false: for nobody
    add column noted_at   timestamptz not null default now();
create index schedule_ticks_waiting on schedule_ticks (workspace_id, schedule_id, due_at) where state = 'waiting';
create index schedule_ticks_fired on schedule_ticks (workspace_id, schedule_id, fired_at) where state = 'fired';
create index schedule_ticks_by_age on schedule_ticks using brin (noted_at);
create index run_keys_by_age on run_keys using brin (created_at);

select set_config('plainwork.upkeep', 'on', true);
update schedule_ticks set planned_at = due_at, noted_at = coalesce(fired_at, now());
update schedules s set fires_at = s.next_at, inputs = coalesce(v.flow->'inputs', '{}'), limits = coalesce(v.flow->'limits', '{}')
from agent_versions v where v.workspace_id = s.workspace_id and v.id = s.version_id;
select set_config('plainwork.upkeep', '', true);

create or replace function follow_live_version() returns trigger language plpgsql as $$
begin
    with live as (
        select node->>'id' as trigger_id, node->'config'->>'phrase' as phrase, node->'config'->>'cron' as cron,
               coalesce(node->'config'->>'timezone', 'UTC') as timezone, coalesce(node->'config'->'map', '{}')::json as map,
               coalesce(substring(lower(node->'config'->>'missed') from '^(?:skip|last|all|all up to [0-9]{1,4})$'), 'last') as missed,
               coalesce(substring(node->'config'->>'overlap' from '^(?:allow|skip|queue|cancel previous)$'), 'allow') as overlap,
               node->'config'->>'jitter' as jitter, coalesce(v.flow->'inputs', '{}') as inputs,
               coalesce(v.flow->'limits', '{}') as limits
        from agent_versions v, jsonb_array_elements((v.flow->'nodes')::jsonb) node
        where v.workspace_id = new.workspace_id and v.id = new.live_version_id and new.deleted_at is null
          and coalesce((v.flow->>'enabled')::boolean, true)
          and node->>'type' = 'trigger.schedule@1' and node->'config'->>'cron' is not null
    ), gone as (
        delete from schedules s where s.workspace_id = new.workspace_id and s.agent_id = new.id
        and s.trigger_id not in (select l.trigger_id from live l)
    )
    insert into schedules as s (workspace_id, id, agent_id, version_id, trigger_id, phrase, cron, timezone, map, missed,
                                overlap, jitter, inputs, limits, paused_at)
    select new.workspace_id, gen_random_uuid(), new.id, new.live_version_id, l.trigger_id, l.phrase, l.cron, l.timezone, l.map,
           l.missed, l.overlap, l.jitter, l.inputs, l.limits, new.paused_at
    from live l
    on conflict (workspace_id, agent_id, trigger_id) do update set
        version_id = excluded.version_id, phrase = excluded.phrase, cron = excluded.cron, timezone = excluded.timezone,
        map = excluded.map, missed = excluded.missed, overlap = excluded.overlap, jitter = excluded.jitter,
        inputs = excluded.inputs, limits = excluded.limits, paused_at = excluded.paused_at, failed_starts = 0,
        next_at = case when s.cron = excluded.cron and s.timezone = excluded.timezone and s.paused_at is null
                       then s.next_at end,
        fires_at = case when s.cron = excluded.cron and s.timezone = excluded.timezone and s.paused_at is null
                        then s.fires_at end,
        changed_at = case when s.cron = excluded.cron and s.timezone = excluded.timezone and s.paused_at is null
                          then s.changed_at else now() end;
    return null;
end $$;

-- ── Alarms: what should have fired and has not ───────────────────────────────────────────────────────────────────
create table alarms (
    workspace_id uuid not null,
    id           uuid not null,
    schedule_id  uuid not null,
    agent_id     uuid not null,
    trigger_id   text not null,
    kind         text not null check (kind in ('did_not_fire', 'cannot_be_planned', 'cannot_start')),
    due_at       timestamptz not null,
    message      text not null,
    raised_at    timestamptz not null default now(),
    cleared_at   timestamptz,
    mailed_at    timestamptz,
    primary key (workspace_id, id),
    unique (workspace_id, schedule_id, due_at, kind)
);
create index alarms_open on alarms (workspace_id, schedule_id) where cleared_at is null;
call guard_tenant_table('alarms');
create policy dispatch on alarms to {{dispatcher}} using (true) with check (true);
grant select on alarms to {{app}};

-- Raises an alarm for each schedule that is late by p_late_s, clears those that are not late any more, and returns the new
-- ones. One process at a time looks; whoever comes meanwhile gets nothing.
create function raise_alarms(p_now timestamptz, p_late_s float8) returns setof alarms
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not pg_try_advisory_xact_lock(7010012) then
        return;
    end if;
    update alarms a set cleared_at = p_now
    where a.cleared_at is null and not exists (
        select from schedules s where s.workspace_id = a.workspace_id and s.id = a.schedule_id
        and s.paused_at is null and s.held_at is null
        and (a.kind <> 'did_not_fire' or coalesce(s.next_at, s.changed_at) = a.due_at));
    return query
    insert into alarms (workspace_id, id, schedule_id, agent_id, trigger_id, kind, due_at, message, raised_at)
    select s.workspace_id, gen_random_uuid(), s.id, s.agent_id, s.trigger_id, 'did_not_fire', coalesce(s.next_at, s.changed_at),
           case when s.fires_at is null then 'No scheduler has worked out when it is due.'
                else 'It was due and no scheduler has fired it.' end, p_now
    from schedules s
    where s.paused_at is null and s.held_at is null
      and coalesce(s.fires_at, s.changed_at) < p_now - make_interval(secs => p_late_s)
      and not exists (select from alarms a where a.workspace_id = s.workspace_id and a.schedule_id = s.id
                      and a.due_at = coalesce(s.next_at, s.changed_at) and a.kind in ('did_not_fire', 'cannot_be_planned'))
    order by coalesce(s.fires_at, s.changed_at) limit 1000
    on conflict do nothing returning *;
end $$;

-- What a scheduler itself finds wrong with schedules; returns the alarms that were not raised before.
create function note_alarms(p_workspace uuid[], p_schedule uuid[], p_due timestamptz[], p_kind text[], p_message text[])
returns setof alarms
language sql security definer set search_path = public, pg_temp as $$
    insert into alarms (workspace_id, id, schedule_id, agent_id, trigger_id, kind, due_at, message)
    select s.workspace_id, gen_random_uuid(), s.id, s.agent_id, s.trigger_id, u.kind, u.due, u.message
    from unnest(p_workspace, p_schedule, p_due, p_kind, p_message) as u(w, schedule, due, kind, message)
    join schedules s on s.workspace_id = u.w and s.id = u.schedule
    where not exists (select from alarms a where a.workspace_id = u.w and a.schedule_id = u.schedule and a.kind = u.kind
                      and a.cleared_at is null)
    on conflict do nothing returning *
$$;

-- Open alarms of the last hour that nobody was told of by mail; each is handed out once.
create function claim_alarm_mails(p_limit integer) returns setof alarms
language sql security definer set search_path = public, pg_temp as $$
    update alarms a set mailed_at = now()
    where (a.workspace_id, a.id) in (
        select o.workspace_id, o.id from alarms o
        where o.cleared_at is null and o.mailed_at is null and o.raised_at > now() - interval '1 hour'
        order by o.raised_at limit p_limit for update skip locked)
    returning *
$$;

-- ── Firing ───────────────────────────────────────────────────────────────────────────────────────────────────────
create or replace function claim_due_schedules(p_now timestamptz, p_limit integer) returns setof schedules
language plpgsql security definer set search_path = public, pg_temp set enable_seqscan = off as $$
begin
    return query select * from schedules s where s.fires_at is null and s.paused_at is null and s.held_at is null
                 order by s.created_at limit p_limit for update skip locked;
    return query select * from schedules s where s.fires_at <= p_now and s.paused_at is null and s.held_at is null
                 order by s.fires_at limit p_limit for update skip locked;
end $$;

-- When the next schedule fires; null: none has to.
create function next_fires_at() returns timestamptz
language sql stable security definer set search_path = public, pg_temp as $$
    select s.fires_at from schedules s where s.paused_at is null and s.held_at is null order by s.fires_at limit 1
$$;

-- The runs that a schedule has started and that have not ended: of the last hundred that it started.
create function runs_under_way(p_workspace uuid, p_schedule uuid) returns setof uuid
language sql stable set search_path = public, pg_temp as $$
    select q.run_id
    from (select t.run_id from schedule_ticks t
          where t.workspace_id = p_workspace and t.schedule_id = p_schedule and t.state = 'fired'
          order by t.fired_at desc limit 100) t
    join queue q on q.workspace_id = p_workspace and q.run_id = t.run_id
$$;

-- For each schedule, in the order given: its runs that have not ended, and how many of its ticks wait.
create function schedule_loads(p_workspace uuid[], p_schedule uuid[])
returns table (under_way uuid[], waiting integer)
language sql stable security definer set search_path = public, pg_temp as $$
    select array(select runs_under_way(u.w, u.s)),
           (select count(*)::integer from schedule_ticks t
            where t.workspace_id = u.w and t.schedule_id = u.s and t.state = 'waiting')
    from unnest(p_workspace, p_schedule) with ordinality as u(w, s, i) order by u.i
$$;

-- For each agent, in the order given, how many runs it has had since p_first, counted up to p_most.
create function runs_since(p_workspace uuid[], p_agent uuid[], p_first uuid, p_most integer[]) returns setof integer
language sql stable security definer set search_path = public, pg_temp as $$
    select (select count(*)::integer from (select from runs r where r.workspace_id = u.w and r.agent_id = u.a
                                           and r.id >= p_first limit u.most) had)
    from unnest(p_workspace, p_agent, p_most) with ordinality as u(w, a, most, i) order by u.i
$$;

-- Writes ticks down: for each that fires and is new (or has waited until now), a run with its queue entry (or, with a
-- failure, a run that could not be delivered). Returns the ids of the runs that were made.
drop function fire_ticks(uuid[], uuid[], timestamptz[], uuid[], uuid[], uuid[], json[], json[], json[], float8[]);
create function fire_ticks(
    p_workspace uuid[], p_schedule uuid[], p_due timestamptz[], p_planned timestamptz[], p_state text[], p_reason text[],
    p_run uuid[], p_agent uuid[], p_version uuid[], p_trigger json[], p_inputs json[], p_failure json[], p_deadline_s float8[]
) returns uuid[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    made bigint[]; -- positions: a run's id alone would let one good tick vouch for another
begin
    with bound as (
        select u.*
        from unnest(p_workspace, p_schedule, p_due, p_planned, p_state, p_reason, p_run, p_agent, p_version) with ordinality
             as u(w, schedule, due, planned, state, reason, run, agent, version, i)
        join schedules s on s.workspace_id = u.w and s.id = u.schedule and s.agent_id = u.agent and s.version_id = u.version
    ), fresh as (
        insert into schedule_ticks as t (workspace_id, schedule_id, due_at, planned_at, state, reason, run_id, fired_at)
        select b.w, b.schedule, b.due, b.planned, b.state, b.reason, case b.state when 'fired' then b.run end,
               case b.state when 'fired' then clock_timestamp() end
        from bound b
        on conflict (workspace_id, schedule_id, due_at) do update
            set state = 'fired', reason = null, run_id = excluded.run_id, fired_at = excluded.fired_at
            where t.state = 'waiting' and excluded.state = 'fired'
        returning t.workspace_id, t.schedule_id, t.due_at, t.run_id
    )
    select array_agg(b.i) into made from bound b
    join fresh f on f.workspace_id = b.w and f.schedule_id = b.schedule and f.due_at = b.due and f.run_id = b.run;
    if made is null then
        return '{}';
    end if;
    insert into runs (workspace_id, id, agent_id, version_id, status, cause, trigger, inputs, vars, failure, finished_at,
                      deadline_at)
    select u.w, u.id, u.agent, u.version, case when u.failure is null then 'queued' else 'failed' end,
           case when u.failure is not null then 'undeliverable' end, u.trigger, coalesce(u.inputs, '{}'),
           (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v where v.workspace_id = u.w),
           u.failure, case when u.failure is not null then now() end, now() + make_interval(secs => u.deadline_s)
    from unnest(p_workspace, p_run, p_agent, p_version, p_trigger, p_inputs, p_failure, p_deadline_s) with ordinality
         as u(w, id, agent, version, trigger, inputs, failure, deadline_s, i)
    where u.i = any (made);
    insert into queue (workspace_id, run_id, deadline_at, agent_id, priority, lane, rank_at)
    select u.w, u.id, now() + make_interval(secs => u.deadline_s), u.agent, p.priority, p.lane, p.rank_at
    from unnest(p_workspace, p_run, p_agent, p_failure, p_deadline_s) with ordinality as u(w, id, agent, failure, deadline_s, i)
    cross join lateral place_of(u.w, u.agent, null) p
    where u.i = any (made) and u.failure is null;
    return (select array_agg(p_run[i]) from unnest(made) as u(i));
end $$;

-- Sets when schedules are due next (p_next null: that cannot be worked out now; infinity: never again), when a scheduler
-- looks at them again, and how many of their starts failed in a row. What is in order again ends its alarms.
drop function set_next_ticks(uuid[], uuid[], timestamptz[]);
create function set_next_ticks(
    p_workspace uuid[], p_schedule uuid[], p_next timestamptz[], p_fires timestamptz[], p_failed integer[]
) returns void
language sql security definer set search_path = public, pg_temp as $$
    update schedules s set next_at = u.next, fires_at = u.fires, failed_starts = u.failed
    from unnest(p_workspace, p_schedule, p_next, p_fires, p_failed) as u(w, id, next, fires, failed)
    where s.workspace_id = u.w and s.id = u.id;
    update alarms a set cleared_at = now()
    from unnest(p_workspace, p_schedule, p_next, p_failed) as u(w, id, next, failed)
    where a.workspace_id = u.w and a.schedule_id = u.id and a.cleared_at is null
      and case a.kind when 'cannot_be_planned' then u.next is not null when 'cannot_start' then u.failed = 0 else true end
$$;

-- Schedules with ticks that wait and of which one may start now, locked until the transaction ends.
create function claim_waiting_schedules(p_limit integer) returns setof schedules
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query
    select s.* from schedules s
    where (s.workspace_id, s.id) in (select t.workspace_id, t.schedule_id from schedule_ticks t where t.state = 'waiting')
      and s.paused_at is null and s.held_at is null
      and (not exists (select runs_under_way(s.workspace_id, s.id))
           or exists (select from schedule_ticks t where t.workspace_id = s.workspace_id and t.schedule_id = s.id
                      and t.state = 'waiting' and not t.paced))
    limit p_limit for update of s skip locked;
end $$;

-- Which of their ticks may start: those that wait for nobody, at most a hundred each, and the first that waits for the run
-- before, where that has ended.
create function ready_ticks(p_workspace uuid[], p_schedule uuid[])
returns table (schedule_id uuid, due_at timestamptz, planned_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
    select u.s, r.due_at, r.planned_at
    from unnest(p_workspace, p_schedule) as u(w, s)
    cross join lateral (
        (select t.due_at, t.planned_at from schedule_ticks t
         where t.workspace_id = u.w and t.schedule_id = u.s and t.state = 'waiting' and not t.paced
         order by t.due_at limit 100)
        union all
        (select t.due_at, t.planned_at from schedule_ticks t
         where t.workspace_id = u.w and t.schedule_id = u.s and t.state = 'waiting' and t.paced
           and not exists (select runs_under_way(u.w, u.s))
         order by t.due_at limit 1)
    ) r
$$;

-- Has times of a schedule of the current workspace wait to be fired: those that have neither fired nor wait already.
-- Returns how many that are.
create function backfill_ticks(p_schedule uuid, p_due timestamptz[], p_paced boolean) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare added integer;
begin
    insert into schedule_ticks as t (workspace_id, schedule_id, due_at, planned_at, state, backfill, paced)
    select s.workspace_id, s.id, u.due, u.due, 'waiting', true, p_paced
    from unnest(p_due) as u(due) join schedules s on s.workspace_id = current_workspace() and s.id = p_schedule
    on conflict (workspace_id, schedule_id, due_at) do update
        set state = 'waiting', reason = null, backfill = true, paced = p_paced
        where t.state = 'skipped';
    get diagnostics added = row_count;
    return added;
end $$;

-- Calls off the ticks of a schedule of the current workspace that still wait; returns how many.
create function call_off_ticks(p_schedule uuid) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare called_off integer;
begin
    update schedule_ticks t set state = 'skipped', reason = 'called_off'
    where t.workspace_id = current_workspace() and t.schedule_id = p_schedule and t.state = 'waiting';
    get diagnostics called_off = row_count;
    return called_off;
end $$;

-- ── Retention ────────────────────────────────────────────────────────────────────────────────────────────────────
-- The workspaces whose runs are kept for so many days only.
create function workspaces_to_prune() returns setof uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select w.id from workspaces w where w.retention_days is not null order by w.id
$$;

-- Deletes runs of a workspace that ended longer ago than it keeps them, oldest first, at most p_limit, with their steps and
-- blobs. A run that has not ended, or still needs a person, stays. Returns how many went.
create function prune_runs(p_workspace uuid, p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    bound timestamptz;
    gone uuid[];
begin
    select now() - make_interval(days => w.retention_days) into bound from workspaces w where w.id = p_workspace;
    if bound is null then
        return 0;
    end if;
    select array_agg(o.id) into gone from (
        select r.id from runs r
        where r.workspace_id = p_workspace and r.id < uuid7_at(bound) and r.finished_at < bound
          and r.status in ('succeeded', 'failed', 'cancelled') and (r.cause is null or r.resolved_at is not null)
          and not exists (select from queue q where q.workspace_id = r.workspace_id and q.run_id = r.id)
        order by r.id limit p_limit for update skip locked) o;
    if gone is null then
        return 0;
    end if;
    delete from steps s where s.workspace_id = p_workspace and s.run_id = any (gone);
    delete from blobs b where b.workspace_id = p_workspace and b.run_id = any (gone);
    delete from waits a where a.workspace_id = p_workspace and a.run_id = any (gone);
    delete from callbacks c where c.workspace_id = p_workspace and c.run_id = any (gone);
    delete from chat_turns t using runs r
    where r.workspace_id = p_workspace and r.id = any (gone)
      and t.workspace_id = p_workspace and t.agent_id = r.agent_id and t.run_id = r.id;
    delete from runs r where r.workspace_id = p_workspace and r.id = any (gone);
    return cardinality(gone);
end $$;

-- Deletes what is older than anybody needs it, at most p_limit rows of each: trigger keys after 30 days and ticks after 90
-- (both as long as the workspace keeps runs, when that is longer), alarms that ended 90 days ago, and the model calls of
-- workspaces that do not keep everything after 400 days. Returns how many went.
create function prune_rest(p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    batch integer;
    gone integer := 0;
begin
    delete from run_keys k where k.ctid in (
        select o.ctid from run_keys o join workspaces w on w.id = o.workspace_id
        where o.created_at < now() - make_interval(days => greatest(30, coalesce(w.retention_days, 30)))
        limit p_limit for update of o skip locked);
    get diagnostics batch = row_count;
    gone := gone + batch;
    delete from schedule_ticks t where t.ctid in (
        select o.ctid from schedule_ticks o join workspaces w on w.id = o.workspace_id
        where o.noted_at < now() - make_interval(days => greatest(90, coalesce(w.retention_days, 90)))
          and (o.state <> 'waiting'
               or not exists (select from schedules s where s.workspace_id = o.workspace_id and s.id = o.schedule_id))
        limit p_limit for update of o skip locked);
    get diagnostics batch = row_count;
    gone := gone + batch;
    delete from alarms a where a.cleared_at < now() - interval '90 days';
    get diagnostics batch = row_count;
    gone := gone + batch;
    delete from llm_calls c where (c.workspace_id, c.id) in (
        select o.workspace_id, o.id from workspaces w
        cross join lateral (select l.workspace_id, l.id from llm_calls l
                            where l.workspace_id = w.id and l.at < now() - make_interval(days => greatest(400, w.retention_days))
                            limit p_limit) o
        where w.retention_days is not null limit p_limit);
    get diagnostics batch = row_count;
    return gone + batch;
end $$;

-- ── Partitions ───────────────────────────────────────────────────────────────────────────────────────────────────
create function uuid7_time(key uuid) returns timestamptz
language sql immutable parallel safe
return to_timestamp(('x' || substr(replace(key::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0);

-- As before, and rows that ended up in a default partition, because their month was missing then, move to their month's.
create or replace function make_partitions(p_from timestamptz, p_months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp set client_min_messages = warning as $$
declare
    made integer := 0;
    month timestamptz;
    parent text;
    part text;
    lower uuid;
    upper uuid;
    strays boolean;
begin
    if p_months > 60 or p_from not between now() - interval '10 years' and now() + interval '10 years' then
        raise exception 'partitions are made for the years around now, at most 60 months at a time'
            using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(7010010);
    perform set_config('plainwork.upkeep', 'on', true); -- not as a setting of the function: that takes a superuser
    for month in
        select date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC' + make_interval(months => i)
        from generate_series(0, p_months - 1) i
        union
        (select distinct date_trunc('month', s.at at time zone 'UTC') at time zone 'UTC'
         from (select uuid7_time(r.id) from runs_default r union all select uuid7_time(t.run_id) from steps_default t) s(at)
         where s.at between now() - interval '10 years' and now() + interval '10 years' limit 60)
        order by 1
    loop
        lower := uuid7_at(month);
        upper := uuid7_at(month + interval '1 month');
        foreach parent in array array['runs', 'steps'] loop
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYY_MM'));
            continue when to_regclass(part) is not null;
            execute format('select exists (select from %I where %I >= $1 and %2$I < $2)', parent || '_default',
                           case parent when 'runs' then 'id' else 'run_id' end) into strays using lower, upper;
            if strays then
                execute format('create table %I (like %I including all)', part, parent);
                execute format('with moved as (delete from %I where %I >= $1 and %2$I < $2 returning *) '
                               'insert into %I select * from moved', parent || '_default',
                               case parent when 'runs' then 'id' else 'run_id' end, part) using lower, upper;
                execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, lower, upper);
            else
                execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, lower, upper);
            end if;
            call guard_table(part::regclass);
            made := made + 1;
        end loop;
    end loop;
    perform set_config('plainwork.upkeep', '', true);
    return made;
end $$;

-- Drops months that have passed and hold nothing any more, each when it can be locked at once. Returns how many partitions
-- went, and how many rows stand in the default partitions, where none should be.
create function drop_partitions(p_now timestamptz, out dropped integer, out strays bigint)
language plpgsql security definer set search_path = public, pg_temp set client_min_messages = warning
set lock_timeout = '200ms' as $$
declare
    month text;
    has_rows boolean;
begin
    dropped := 0;
    perform set_config('plainwork.upkeep', 'on', true);
    select (select count(*) from (select from runs_default limit 1000) r)
         + (select count(*) from (select from steps_default limit 1000) s) into strays;
    for month in
        select substr(c.relname, 6) from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where p_now < now() + interval '1 day' and pg_try_advisory_xact_lock(7010010) and i.inhparent = 'runs'::regclass and c.relname ~ '^runs_[0-9]{4}_[0-9]{2}$'
          and substr(c.relname, 6) < to_char((p_now - interval '1 month') at time zone 'UTC', 'YYYY_MM')
        order by 1 limit 12
    loop
        begin
            execute format('select exists (select from %I) or exists (select from %I)', 'runs_' || month, 'steps_' || month)
                into has_rows;
            continue when has_rows;
            execute format('drop table %I, %I', 'runs_' || month, 'steps_' || month);
            dropped := dropped + 2;
        exception when lock_not_available or undefined_table then
            continue;
        end;
    end loop;
    perform set_config('plainwork.upkeep', '', true);
end $$;

-- ── Rights ───────────────────────────────────────────────────────────────────────────────────────────────────────
create policy dispatch on chat_turns to {{dispatcher}} using (true) with check (true);
grant select, delete on run_keys, schedule_ticks, llm_calls to {{dispatcher}};
grant update on schedule_ticks, run_keys to {{dispatcher}}; -- locking a row takes as much
grant select, delete on runs, steps, blobs, waits, callbacks, chat_turns to {{dispatcher}};
grant select, insert, update, delete on alarms to {{dispatcher}};
grant select (retention_days) on workspaces to {{dispatcher}};
grant execute on function uuid7_time to {{app}}, {{dispatcher}};

do $$
declare
    signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname in
        ('raise_alarms', 'note_alarms', 'claim_alarm_mails', 'next_fires_at', 'runs_under_way', 'schedule_loads', 'runs_since',
         'fire_ticks', 'set_next_ticks', 'claim_waiting_schedules', 'ready_ticks', 'backfill_ticks', 'call_off_ticks',
         'workspaces_to_prune', 'prune_runs', 'prune_rest')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
revoke execute on function drop_partitions from public;
grant execute on function drop_partitions to {{app}};
