-- What starts agents from outside: webhooks, forms, chats, and failures of other agents.

-- Where an agent is reached. One token for all of its triggers, the same across versions until it is rotated. It begins
-- with the workspace's id, so that no look-up crosses workspaces; 160 random bits follow.
create table agent_addresses (
    workspace_id uuid not null,
    agent_id     uuid not null,
    token        text not null,
    rotated_at   timestamptz,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, agent_id),
    unique (workspace_id, token)
);

create function new_address(of uuid) returns text language sql volatile return translate(encode(
    uuid_send(of) || substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 20), 'base64'),
    E'+/\n', '-_');

-- The triggers of the live versions. paused_at: paused by itself; is_on: its agent is neither paused nor switched off.
create table triggers (
    workspace_id uuid not null,
    agent_id     uuid not null,
    trigger_id   text not null,
    version_id   uuid not null,
    kind         text not null check (kind in ('webhook', 'form', 'chat', 'error')),
    config       json not null,
    is_on        boolean not null,
    paused_at    timestamptz,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, agent_id, trigger_id)
);
create index triggers_of_failures on triggers (workspace_id) where kind = 'error';

-- They follow the live version, whoever moves the pointer. A pause stays while the trigger keeps its kind.
create function follow_live_triggers() returns trigger language plpgsql as $$
begin
    with live as (
        select node->>'id' as trigger_id, substr(split_part(node->>'type', '@', 1), 9) as kind,
               coalesce(node->'config', '{}') as config,
               new.paused_at is null and coalesce((v.flow->>'enabled')::boolean, true) as is_on
        from agent_versions v, json_array_elements(v.flow->'nodes') node
        where v.workspace_id = new.workspace_id and v.id = new.live_version_id and new.deleted_at is null
          and node->>'type' in ('trigger.webhook@1', 'trigger.form@1', 'trigger.chat@1', 'trigger.error@1')
    ), gone as (
        delete from triggers t where t.workspace_id = new.workspace_id and t.agent_id = new.id
        and t.trigger_id not in (select l.trigger_id from live l)
    )
    insert into triggers as t (workspace_id, agent_id, trigger_id, version_id, kind, config, is_on)
    select new.workspace_id, new.id, l.trigger_id, new.live_version_id, l.kind, l.config, l.is_on from live l
    on conflict (workspace_id, agent_id, trigger_id) do update set
        version_id = excluded.version_id, kind = excluded.kind, config = excluded.config, is_on = excluded.is_on,
        paused_at = case when t.kind = excluded.kind then t.paused_at end;
    if exists (select from triggers t where t.workspace_id = new.workspace_id and t.agent_id = new.id) then
        insert into agent_addresses (workspace_id, agent_id, token)
        values (new.workspace_id, new.id, new_address(new.workspace_id)) on conflict do nothing;
    end if;
    return null;
end $$;

create trigger follow_live_triggers after update of live_version_id, paused_at, deleted_at on agents
    for each row execute function follow_live_triggers();
create trigger follow_first_triggers after insert on agents
    for each row when (new.live_version_id is not null) execute function follow_live_triggers();

-- Deliveries that started no run: a repeat, a replay, a bad signature, inputs that do not fit. One that did is that run.
create table deliveries (
    workspace_id uuid not null,
    id           uuid not null,
    agent_id     uuid not null,
    trigger_id   text not null,
    status       integer not null,  -- of the answer
    reason       text not null,
    run_id       uuid,              -- the run that a repeat was answered with
    address      text,
    size         integer not null,  -- bytes of the body
    took_ms      real not null,
    body         bytea,             -- the beginning of what was refused
    created_at   timestamptz not null default now(),
    primary key (workspace_id, id)
);
create index deliveries_of_trigger on deliveries (workspace_id, agent_id, trigger_id, id);

-- The turns of chats: what was said is in the run's trigger, what was answered is its output.
create table chat_turns (
    workspace_id uuid not null,
    agent_id     uuid not null,
    session      text not null,
    run_id       uuid not null,
    primary key (workspace_id, agent_id, session, run_id)
);

-- Failed runs, each with a trigger that watches for it, until that is started.
create table failure_notices (
    workspace_id uuid not null,
    run_id       uuid not null,
    watcher_id   uuid not null, -- the agent to start
    trigger_id   text not null,
    created_at   timestamptz not null default now(),
    primary key (workspace_id, run_id, watcher_id, trigger_id)
);
create index failure_notices_by_age on failure_notices (created_at);

call guard_tenant_table('agent_addresses');
call guard_tenant_table('triggers');
call guard_tenant_table('deliveries');
call guard_tenant_table('chat_turns');
call guard_tenant_table('failure_notices');

grant select, insert, update on agent_addresses to {{app}};
grant select, insert, update, delete on triggers to {{app}};
grant select, insert, delete on deliveries, chat_turns to {{app}};

-- Starts the runs of a group of deliveries, of whichever workspaces, in one commit. A position starts a run only for a
-- trigger that is on, of the live version that the caller read. p_key: the same one gives the first run again; p_seal:
-- what was signed, which starts a run once whatever key it is sent with. With p_lease_s the runs are leased to that worker
-- from the moment on that others can see them (is_leased), but for those of agents and workspaces with a limit on how much
-- runs at once: they are queued. Outcomes: started, repeated (run_id: the first run), replayed, gone.
create function start_delivered(
    p_workspace uuid[], p_agent uuid[], p_version uuid[], p_trigger_id text[], p_run uuid[], p_key text[], p_seal text[],
    p_trigger bytea[], p_inputs bytea[], p_deadline_s float8[], p_worker integer, p_lease_s float8
) returns table (outcome text, run_id uuid, is_leased boolean, vars json, deadline_at timestamptz, at timestamptz)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_column
declare
    outcomes text[] := array_fill('gone'::text, array[cardinality(p_run)]);
    runs_of uuid[] := p_run;
    place integer;
    known uuid;
begin
    for place in
        select u.i from unnest(p_workspace, p_agent, p_version, p_trigger_id) with ordinality as u(w, a, v, t, i)
        join triggers t on t.workspace_id = u.w and t.agent_id = u.a and t.trigger_id = u.t
        where t.version_id = u.v and t.is_on and t.paused_at is null
    loop
        outcomes[place] := 'started';
    end loop;

    if array_length(array_remove(p_seal, null), 1) > 0 then
        insert into run_keys (workspace_id, agent_id, key, run_id)
        select u.w, u.a, u.seal, u.run from unnest(p_workspace, p_agent, p_seal, p_run, outcomes) as u(w, a, seal, run, o)
        where u.seal is not null and u.o = 'started' order by u.w, u.a, u.seal on conflict do nothing;
        for place in
            select u.i from unnest(p_workspace, p_agent, p_seal, p_run, outcomes) with ordinality as u(w, a, seal, run, o, i)
            join run_keys k on k.workspace_id = u.w and k.agent_id = u.a and k.key = u.seal
            where u.o = 'started' and k.run_id <> u.run
        loop
            outcomes[place] := 'replayed';
        end loop;
    end if;

    if array_length(array_remove(p_key, null), 1) > 0 then
        insert into run_keys (workspace_id, agent_id, key, run_id)
        select u.w, u.a, u.key, u.run from unnest(p_workspace, p_agent, p_key, p_run, outcomes) as u(w, a, key, run, o)
        where u.key is not null and u.o = 'started' order by u.w, u.a, u.key on conflict do nothing;
        for place, known in
            select u.i, k.run_id
            from unnest(p_workspace, p_agent, p_key, p_run, outcomes) with ordinality as u(w, a, key, run, o, i)
            join run_keys k on k.workspace_id = u.w and k.agent_id = u.a and k.key = u.key
            where u.o <> 'gone' and k.run_id <> u.run
        loop
            outcomes[place] := 'repeated';
            runs_of[place] := known;
        end loop;
    end if;

    return query
    with fresh as materialized (
        select u.*, now() + make_interval(secs => u.deadline_s) as until
        from unnest(p_workspace, p_agent, p_version, p_run, p_trigger, p_inputs, p_deadline_s, outcomes)
             as u(w, a, v, run, trigger, inputs, deadline_s, o)
        where u.o = 'started'
    ), free as materialized (
        select f.w, f.a, p_lease_s is not null and free_slots(f.w, f.a, false) is null as is_leased
        from (select distinct w, a from fresh) f
    ), variables as materialized (
        select f.w, (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v
                     where v.workspace_id = f.w) as vars
        from (select distinct w from fresh) f
    ), made as (
        insert into runs (workspace_id, id, agent_id, version_id, inputs, trigger, deadline_at, vars)
        select f.w, f.run, f.a, f.v, convert_from(f.inputs, 'UTF8')::json, convert_from(f.trigger, 'UTF8')::json, f.until,
               v.vars
        from fresh f join variables v on v.w = f.w
    ), queued as (
        insert into queue (workspace_id, run_id, agent_id, deadline_at, due_at, epoch, claims, worker, priority, lane,
                           rank_at)
        select f.w, f.run, f.a, f.until, now() + make_interval(secs => case when l.is_leased then p_lease_s else 0 end),
               l.is_leased::integer, l.is_leased::integer, case when l.is_leased then coalesce(p_worker, 0) end,
               p.priority, case when not l.is_leased then p.lane end, case when not l.is_leased then p.rank_at end
        from fresh f join free l on l.w = f.w and l.a = f.a cross join lateral place_of(f.w, f.a, null) p
    )
    select u.o, u.run, u.o = 'started' and l.is_leased, case when v.vars::text <> '{}' then v.vars end,
           now() + make_interval(secs => u.deadline_s), now()
    from unnest(outcomes, runs_of, p_workspace, p_agent, p_deadline_s) with ordinality as u(o, run, w, a, deadline_s, i)
    left join variables v on v.w = u.w left join free l on l.w = u.w and l.a = u.a order by u.i;
end $$;

-- Notes a failed run for those who watch its agent. What a failure has started, and what that has called, is told to nobody,
-- so that failures cannot go round in circles.
create function notice_failure() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare workspace text := current_setting('plainwork.workspace', true);
begin
    perform from triggers t
    where t.workspace_id = new.workspace_id and t.kind = 'error' and t.is_on and t.paused_at is null;
    if not found then
        return null;
    end if;
    perform from (
        with recursive above as (
            select new.trigger->>'kind' as kind, new.parent_run_id as parent
            union all
            select r.trigger->>'kind', r.parent_run_id from above u
            join runs r on r.workspace_id = new.workspace_id and r.id = u.parent
        ) select from above where kind = 'error') circle;
    if found then
        return null;
    end if;
    perform set_config('plainwork.workspace', new.workspace_id::text, true); -- to read the agent's names
    insert into failure_notices (workspace_id, run_id, watcher_id, trigger_id)
    select t.workspace_id, new.id, t.agent_id, t.trigger_id
    from agents a join triggers t on t.workspace_id = a.workspace_id
    where a.workspace_id = new.workspace_id and a.id = new.agent_id and t.kind = 'error' and t.is_on
      and t.paused_at is null and lower(t.config->>'agent') in (a.slug, lower(a.name))
    on conflict do nothing;
    perform set_config('plainwork.workspace', coalesce(workspace, ''), true);
    return null;
end $$;

create trigger notice_failure after update of status on runs
    for each row when (new.status = 'failed' and old.status <> 'failed') execute function notice_failure();
create trigger notice_failed_start after insert on runs
    for each row when (new.status = 'failed') execute function notice_failure();

-- Takes up to p_limit noticed failures, each with the trigger that it starts; they are gone once the caller commits.
create function claim_failures(p_limit integer)
returns table (workspace_id uuid, run_id uuid, failed_version_id uuid, failure json, cause text, started_by text,
               finished_at timestamptz, watcher_id uuid, version_id uuid, trigger_id text, config json)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    return query
    with taken as (
        delete from failure_notices n where (n.workspace_id, n.run_id, n.watcher_id, n.trigger_id) in (
            select o.workspace_id, o.run_id, o.watcher_id, o.trigger_id from failure_notices o
            order by o.created_at limit p_limit for update skip locked)
        returning n.workspace_id, n.run_id, n.watcher_id, n.trigger_id
    )
    select r.workspace_id, r.id, r.version_id, r.failure, r.cause, r.trigger->>'kind', r.finished_at,
           t.agent_id, t.version_id, t.trigger_id, t.config
    from taken n
    join runs r on r.workspace_id = n.workspace_id and r.id = n.run_id
    join triggers t on t.workspace_id = n.workspace_id and t.agent_id = n.watcher_id and t.trigger_id = n.trigger_id
         and t.kind = 'error' and t.is_on and t.paused_at is null;
end $$;

do $$
declare
    signature regprocedure;
    guarded text;
begin
    foreach guarded in array array['triggers', 'run_keys', 'failure_notices'] loop
        execute format('create policy dispatch on %I to {{dispatcher}} using (true) with check (true)', guarded);
    end loop;
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in ('start_delivered', 'notice_failure', 'claim_failures')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant select on triggers to {{dispatcher}};
grant select, insert on run_keys to {{dispatcher}};
grant select, insert, delete, update on failure_notices to {{dispatcher}};
grant select (workspace_id, id, slug, name) on agents to {{dispatcher}}; -- inside the workspace that is declared

-- The agents that are live already.
select set_config('plainwork.upkeep', 'on', true);
update agents set live_version_id = live_version_id where live_version_id is not null;
select set_config('plainwork.upkeep', '', true);
