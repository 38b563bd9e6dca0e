-- Fair claims, limits on how much runs at once, priorities.
--
-- Runs that are due stand in lanes: one for each workspace, and one for each agent with a limit of its own, so that runs
-- which must wait for that limit are in nobody's way. A claim visits the lanes that have runs, from a random one on, and
-- takes the same share for each workspace; how long a lane is makes no difference to the others. Within its lane a run has
-- a rank: the time at which it was made, less a head start for its priority. A rank never changes, so that whatever waits
-- long enough comes first in the end.

create table workspace_limits (
    workspace_id   uuid primary key references workspaces,
    runs_at_once   integer check (runs_at_once > 0),   -- in the hands of workers; null: any number
    queued_at_most integer check (queued_at_most > 0), -- that have not begun; null: the installation's number
    updated_at     timestamptz not null default now()
);
call guard_tenant_table('workspace_limits');
grant select, insert, update on workspace_limits to {{app}};

-- What the live versions of agents say about their runs; no row: nothing.
create table agent_limits (
    workspace_id uuid not null,
    agent_id     uuid not null,
    runs_at_once integer check (runs_at_once > 0),
    priority     smallint not null default 0,
    primary key (workspace_id, agent_id),
    foreign key (workspace_id, agent_id) references agents (workspace_id, id)
);
call guard_tenant_table('agent_limits');
grant select, insert, update, delete on agent_limits to {{app}};

-- lane and rank_at are null while a worker has the run or it waits. A row that is due without them is given them by the
-- next claim; whoever queues a run knows its place already (place_of).
alter table queue
    add column agent_id uuid,
    add column priority smallint, -- 1 high, 0 normal, -1 low; null: what the agent says
    add column lane     bigint,
    add column rank_at  timestamptz;

drop index queue_due;
create index queue_wakes on queue (due_at) where rank_at is null;
create index queue_lanes on queue (lane, rank_at) where rank_at is not null;
create index queue_held on queue (workspace_id, agent_id) where worker is not null;

create function lane_of(p_workspace uuid, p_agent uuid, p_has_limit boolean) returns bigint
language sql immutable parallel safe
return uuid_hash_extended(case when p_has_limit then p_agent else p_workspace end, 0);

create function rank_of(p_due timestamptz, p_priority integer) returns timestamptz
language sql immutable parallel safe
return p_due - p_priority * interval '10 minutes';

-- Where a run stands that is queued now. p_priority null: what the agent says.
create function place_of(p_workspace uuid, p_agent uuid, p_priority smallint)
returns table (priority smallint, lane bigint, rank_at timestamptz)
language sql stable parallel safe as $$
    select coalesce(p_priority, a.priority, 0::smallint), lane_of(p_workspace, p_agent, a.runs_at_once is not null),
           rank_of(now(), coalesce(p_priority, a.priority, 0::smallint))
    from (select) one left join agent_limits a on a.workspace_id = p_workspace and a.agent_id = p_agent
$$;

-- The limits of an agent are those of its live version; its queued runs change lanes with it.
create function follow_live_limits() returns trigger language plpgsql as $$
declare
    said json := (select v.flow->'limits' from agent_versions v
                  where v.workspace_id = new.workspace_id and v.id = new.live_version_id and new.deleted_at is null);
    most integer := case when said->>'runs_at_once' is not null
                         then greatest(1, least((said->>'runs_at_once')::numeric, 1000000000))::integer end;
    rank smallint := case said->>'priority' when 'high' then 1 when 'low' then -1 else 0 end;
    had  integer := (select l.runs_at_once from agent_limits l
                     where l.workspace_id = new.workspace_id and l.agent_id = new.id);
begin
    if most is null and rank = 0 then
        delete from agent_limits l where l.workspace_id = new.workspace_id and l.agent_id = new.id;
    else
        insert into agent_limits values (new.workspace_id, new.id, most, rank)
        on conflict (workspace_id, agent_id) do update set runs_at_once = most, priority = rank;
    end if;
    if (had is null) <> (most is null) then
        update queue q set lane = lane_of(new.workspace_id, new.id, most is not null)
        where q.workspace_id = new.workspace_id and q.agent_id = new.id and q.rank_at is not null;
    end if;
    return null;
end $$;

create trigger follow_live_limits after update of live_version_id, deleted_at on agents
    for each row execute function follow_live_limits();
create trigger follow_first_limits after insert on agents
    for each row when (new.live_version_id is not null) execute function follow_live_limits();

-- How many more runs of an agent may be in the hands of workers; null: any number. p_to_claim: whoever asks is about to
-- claim and is alone with that until the transaction ends; 0 when somebody else is.
create function free_slots(p_workspace uuid, p_agent uuid, p_to_claim boolean default true) returns integer
language plpgsql security definer set search_path = public, pg_temp set enable_seqscan = off as $$
declare
    for_all integer := (select l.runs_at_once from workspace_limits l where l.workspace_id = p_workspace);
    for_one integer := (select l.runs_at_once from agent_limits l
                        where l.workspace_id = p_workspace and l.agent_id = p_agent);
begin
    if p_to_claim and (for_all is not null and not pg_try_advisory_xact_lock(7010012, uuid_hash(p_workspace))
                       or for_one is not null and not pg_try_advisory_xact_lock(7010012, uuid_hash(p_agent))) then
        return 0;
    end if;
    if for_all is not null then
        for_all := for_all - (select count(*) from queue q where q.workspace_id = p_workspace and q.worker is not null
                              and q.due_at > now());
    end if;
    if for_one is not null then
        for_one := for_one - (select count(*) from queue q where q.workspace_id = p_workspace and q.agent_id = p_agent
                              and q.worker is not null and q.due_at > now());
    end if;
    return case when for_all is not null or for_one is not null then greatest(least(for_all, for_one), 0) end;
end $$;

-- Up to p_most lanes that have runs, from a random one on; agent_id: the agent with a limit that the lane is of.
create function due_lanes(p_most integer)
returns table (lane bigint, workspace_id uuid, agent_id uuid, has_limit boolean)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off as $$
declare
    start bigint := ((random() * 2 - 1) * 9.2e18)::bigint;
begin
    return query
    with recursive above as (
        (select q.lane from queue q where q.rank_at is not null and q.lane >= start order by q.lane limit 1)
        union all
        select (select q.lane from queue q where q.rank_at is not null and q.lane > a.lane order by q.lane limit 1)
        from above a where a.lane is not null
    ), below as (
        (select q.lane from queue q where q.rank_at is not null and q.lane < start order by q.lane limit 1)
        union all
        select (select q.lane from queue q where q.rank_at is not null and q.lane > b.lane and q.lane < start
                order by q.lane limit 1)
        from below b where b.lane is not null
    ), found as (
        select a.lane from above a where a.lane is not null
        union all select b.lane from below b where b.lane is not null
        limit p_most
    )
    select f.lane, e.workspace_id, a.agent_id, w.runs_at_once is not null or a.runs_at_once is not null
    from found f
    cross join lateral (select q.workspace_id, q.agent_id from queue q
                        where q.lane = f.lane and q.rank_at is not null order by q.rank_at limit 1) e
    left join workspace_limits w on w.workspace_id = e.workspace_id
    left join agent_limits a on a.workspace_id = e.workspace_id and a.agent_id = e.agent_id
              and lane_of(e.workspace_id, e.agent_id, true) = f.lane;
end $$;

-- Leases these runs, whose queue entries the caller has locked, and says all that a worker needs to begin.
create function lease_runs(p_workspace uuid[], p_run uuid[], p_worker integer, p_lease_s float8)
returns table (workspace_id uuid, run_id uuid, epoch integer, claims smallint, agent_id uuid, version_id uuid,
               trigger json, inputs json, vars json, started_at timestamptz, deadline_at timestamptz, tokens bigint,
               cost_usd float8, claimed_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
    return query
    with claimed as (
        update queue q set due_at = now() + make_interval(secs => p_lease_s), epoch = q.epoch + 1,
                           claims = q.claims + 1, worker = coalesce(p_worker, 0), lane = null, rank_at = null
        from unnest(p_workspace, p_run) as d(w, r) where q.workspace_id = d.w and q.run_id = d.r
        returning q.workspace_id, q.run_id, q.epoch, q.claims, q.deadline_at
    )
    select r.workspace_id, r.id, c.epoch, c.claims, r.agent_id, r.version_id, r.trigger, r.inputs,
           case when r.vars::text <> '{}' then r.vars end, r.started_at, c.deadline_at, r.tokens, r.cost_usd::float8, now()
    from claimed c join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id;
end $$;

create or replace function claim_runs(p_limit integer, p_suspects integer, p_worker integer, p_lease_s float8)
returns table (workspace_id uuid, run_id uuid, epoch integer, claims smallint, agent_id uuid, version_id uuid,
               trigger json, inputs json, vars json, started_at timestamptz, deadline_at timestamptz, tokens bigint,
               cost_usd float8, claimed_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off
set enable_sort = off as $$
declare
    l          record;
    before     uuid;      -- the workspace of the lane before
    given      integer;   -- what its lanes have been given
    share      integer;
    lanes      bigint[];  -- to take from, in this order
    shares     integer[]; -- how many from each
    unlimited  bigint[];  -- of these, those that may give more than their share
    passed     integer[];
    workspaces uuid[];
    chosen     uuid[];
begin
    -- What has woken, or whose lease has ended, takes its place in a lane.
    update queue q set agent_id = r.agent_id, priority = coalesce(q.priority, a.priority, 0::smallint),
                       lane = lane_of(r.workspace_id, r.agent_id, a.runs_at_once is not null),
                       rank_at = rank_of(r.created_at, coalesce(q.priority, a.priority, 0::smallint))
    from (select w.workspace_id, w.run_id from queue w
          where w.rank_at is null and w.due_at <= now() and w.claims < 2
          order by w.due_at limit 4 * p_limit for update skip locked) woken
    join runs r on r.workspace_id = woken.workspace_id and r.id = woken.run_id
    left join agent_limits a on a.workspace_id = r.workspace_id and a.agent_id = r.agent_id
    where q.workspace_id = woken.workspace_id and q.run_id = woken.run_id;

    -- Runs that have lost two workers, a few at a time: one that kills its worker is found alone.
    if p_suspects > 0 then
        select array_agg(d.workspace_id), array_agg(d.run_id) into workspaces, chosen
        from (select q.workspace_id, q.run_id from queue q
              where q.rank_at is null and q.due_at <= now() and q.claims >= 2
                and coalesce(free_slots(q.workspace_id, q.agent_id), 1) > 0
              order by q.due_at limit p_suspects for update skip locked) d;
        return query select * from lease_runs(workspaces, chosen, p_worker, p_lease_s);
    end if;

    -- The same share for each workspace, divided among its lanes; less where a limit says so.
    for l in
        with due as (
            select d.*, count(*) over same as lanes, min(d.turn) over same as first_turn,
                   dense_rank() over (order by d.workspace_id) as place
            from due_lanes(greatest(p_limit, 100)) with ordinality as d(lane, workspace_id, agent_id, has_limit, turn)
            window same as (partition by d.workspace_id)
        )
        select d.lane, d.workspace_id, d.agent_id, d.has_limit,
               ceil(p_limit::float8 / max(d.place) over () / d.lanes)::integer as share
        from due d order by d.first_turn, d.turn
    loop
        share := l.share;
        if l.has_limit then
            given := case when l.workspace_id = before then given else 0 end;
            share := greatest(least(share, free_slots(l.workspace_id, l.agent_id) - given), 0);
            given := given + share;
            before := l.workspace_id;
        else
            unlimited := unlimited || l.lane;
            passed := passed || share;
        end if;
        if share > 0 then
            lanes := lanes || l.lane;
            shares := shares || share;
        end if;
    end loop;
    select array_agg(d.workspace_id), array_agg(d.run_id) into workspaces, chosen
    from (select e.workspace_id, e.run_id
          from unnest(lanes, shares) as t(lane, share)
          cross join lateral (
              select q.workspace_id, q.run_id from queue q
              where q.lane = t.lane and q.rank_at is not null and q.due_at <= now()
              order by q.rank_at limit t.share for update skip locked) e
          limit p_limit) d;

    -- What is left over goes to whoever has more.
    if cardinality(unlimited) > 1 and coalesce(cardinality(chosen), 0) < p_limit then
        select workspaces || array_agg(d.workspace_id), chosen || array_agg(d.run_id) into workspaces, chosen
        from (select e.workspace_id, e.run_id
              from unnest(unlimited, passed) as t(lane, share)
              cross join lateral (
                  select q.workspace_id, q.run_id from queue q
                  where q.lane = t.lane and q.rank_at is not null and q.due_at <= now()
                  order by q.rank_at offset t.share limit p_limit for update skip locked) e
              limit p_limit - coalesce(cardinality(chosen), 0)) d;
    end if;
    return query select * from lease_runs(workspaces, chosen, p_worker, p_lease_s);
end $$;

-- The same for one run that is known by name. It asks for no limit: whoever names a run has begun it already, or is a
-- person who waits for it.
create or replace function claim_run(p_workspace uuid, p_run uuid, p_worker integer, p_lease_s float8)
returns table (workspace_id uuid, run_id uuid, epoch integer, claims smallint, agent_id uuid, version_id uuid,
               trigger json, inputs json, vars json, started_at timestamptz, deadline_at timestamptz, tokens bigint,
               cost_usd float8, claimed_at timestamptz)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from queue q where q.workspace_id = p_workspace and q.run_id = p_run and q.due_at <= now() for update;
    if found then
        return query select * from lease_runs(array[p_workspace], array[p_run], p_worker, p_lease_s);
    end if;
end $$;

-- Which runs may be claimed (at most p_limit), and in how many seconds there may be more. Where runs wait for a limit, that
-- is soon, and the later the more of them there are to look at: nobody says when one of those before them has ended.
create or replace function queue_outlook(p_limit integer, out run_ids uuid[], out next_in_s float8)
language plpgsql volatile security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off
set enable_sort = off as $$
declare
    open bigint[];
    kept integer; -- lanes that are kept back by a limit
begin
    select array_agg(o.lane) filter (where o.is_open), count(*) filter (where not o.is_open) into open, kept
    from (select d.lane, case when d.has_limit then free_slots(d.workspace_id, d.agent_id, false) > 0 else true end as is_open
          from due_lanes(greatest(p_limit, 100)) d) o;
    select coalesce(array_agg(d.run_id), '{}') into run_ids
    from (select e.run_id
          from unnest(open) as t(lane) cross join lateral (
              select q.run_id from queue q where q.lane = t.lane and q.rank_at is not null and q.due_at <= now()
              order by q.rank_at limit p_limit) e
          union all
          select w.run_id from queue w
          where w.rank_at is null and w.due_at <= now()
            and (w.claims < 2 or coalesce(free_slots(w.workspace_id, w.agent_id, false), 1) > 0)
          limit p_limit) d;
    select extract(epoch from q.due_at - now())::float8 into next_in_s
    from queue q where q.rank_at is null and q.due_at > now() and q.due_at < 'infinity' order by q.due_at limit 1;
    if kept > 0 then
        next_in_s := least(next_in_s, 0.05 + 0.002 * kept);
    end if;
end $$;

-- ── Connections: how often, and how often at once, a secret may be used ──────────────────────────────────────────────
alter table secrets
    add column at_once    integer check (at_once > 0),
    add column per_minute integer check (per_minute > 0);

-- Steps that use a secret with a limit. A slot is good for as long as its run is leased under this epoch: what a worker that
-- died had is free as soon as the run is given back.
create table secret_slots (
    workspace_id uuid not null,
    name         text not null,
    run_id       uuid not null,
    path         text not null,
    epoch        integer not null,
    taken_at     timestamptz not null default now(),
    primary key (workspace_id, name, run_id, path),
    foreign key (workspace_id, name) references secrets (workspace_id, name) on delete cascade
);
call guard_tenant_table('secret_slots');
grant select, insert, update, delete on secret_slots to {{app}};

-- When a secret with a pace may be used next: its uses are spread evenly over the minute.
create table secret_paces (
    workspace_id uuid not null,
    name         text not null,
    next_at      timestamptz not null,
    primary key (workspace_id, name),
    foreign key (workspace_id, name) references secrets (workspace_id, name) on delete cascade
);
call guard_tenant_table('secret_paces');
grant select, insert, update, delete on secret_paces to {{app}};

-- Takes a slot of a secret of the current workspace for a step, for use in that many seconds (0: now; at most p_most_s). Less
-- than 0: there is none, and it is worth asking again in that many.
create function take_slot(p_name text, p_run uuid, p_path text, p_epoch integer, p_most_s float8) returns float8
language plpgsql set search_path = public, pg_temp as $$
declare
    most  secrets;
    due   timestamptz;
begin
    perform pg_advisory_xact_lock(7010013, hashtext(current_workspace() || p_name));
    select * into most from secrets s where s.workspace_id = current_workspace() and s.name = p_name;
    if most.at_once is not null then
        delete from secret_slots s where s.workspace_id = current_workspace() and s.name = p_name and not exists (
            select from queue q where q.workspace_id = s.workspace_id and q.run_id = s.run_id and q.epoch = s.epoch
            and q.worker is not null and q.due_at > now());
        if (select count(*) from secret_slots s where s.workspace_id = current_workspace() and s.name = p_name
            and (s.run_id, s.path) <> (p_run, p_path)) >= most.at_once then
            return -0.1;
        end if;
    end if;
    if most.per_minute is not null then
        select greatest(p.next_at, now()) into due from secret_paces p
        where p.workspace_id = current_workspace() and p.name = p_name;
        due := coalesce(due, now());
        if due > now() + make_interval(secs => p_most_s) then
            return -extract(epoch from due - now());
        end if;
        insert into secret_paces values (current_workspace(), p_name, due + interval '1 minute' / most.per_minute)
        on conflict (workspace_id, name) do update set next_at = excluded.next_at;
    end if;
    if most.at_once is not null then
        insert into secret_slots values (current_workspace(), p_name, p_run, p_path, p_epoch, now())
        on conflict (workspace_id, name, run_id, path) do update set epoch = p_epoch, taken_at = now();
    end if;
    return coalesce(extract(epoch from due - now()), 0);
end $$;
revoke execute on function take_slot from public;
grant execute on function take_slot to {{app}};

do $$
declare
    signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in ('free_slots', 'due_lanes', 'lease_runs')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
create policy dispatch on workspace_limits for select to {{dispatcher}} using (true);
create policy dispatch on agent_limits for select to {{dispatcher}} using (true);
grant select on workspace_limits, agent_limits to {{dispatcher}};
grant execute on function lane_of, rank_of, place_of to {{app}}, {{dispatcher}};
