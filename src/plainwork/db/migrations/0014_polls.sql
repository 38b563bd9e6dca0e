-- Polls: services that are asked again and again for what is new, and mailboxes.

alter table triggers drop constraint triggers_kind_check;
alter table triggers add check (kind in ('webhook', 'form', 'chat', 'error', 'poll', 'email'));

-- One row for each trigger of a live version that is polled. What it asks whom (source) is what it is: when that changes, it
-- is another row, which has met nothing yet; everything else about the trigger may change, and its place, too.
create table polls (
    workspace_id uuid not null,
    id           uuid not null default gen_random_uuid(),
    agent_id     uuid not null,
    trigger_id   text not null,
    version_id   uuid not null,
    source       text not null,
    account      text,                              -- the secret that it signs with
    is_on        boolean not null,                  -- neither the agent nor the trigger is paused
    cursor       json,                              -- where the next poll goes on
    begun_at     timestamptz,                       -- the first poll that succeeded
    due_at       timestamptz not null default now(),-- the next poll; of one under way, the end of its lease
    not_before   timestamptz,                       -- the other side has asked not to be asked sooner
    epoch        integer not null default 0,        -- counts claims: an earlier one can settle nothing any more
    claimed_at   timestamptz,                       -- a poll is under way
    last_at      timestamptz,                       -- the last poll that ended, well or not
    failures     integer not null default 0,        -- how many polls have failed in a row
    failure      json,                              -- why the last one did
    recent       json not null default '[]',        -- the last polls, newest first
    created_at   timestamptz not null default now(),
    primary key (workspace_id, id),
    unique (workspace_id, agent_id, source)
);
create index polls_due on polls (due_at) where is_on;
create index polls_under_way on polls (workspace_id) where claimed_at is not null;

-- What a poll has settled, so that it is not new when it is listed again.
create table poll_keys (
    workspace_id uuid not null,
    poll_id      uuid not null,
    key          text not null,
    noted_at     timestamptz not null default now(),
    primary key (workspace_id, poll_id, key)
);
create index poll_keys_by_age on poll_keys (workspace_id, poll_id, noted_at);

call guard_tenant_table('polls');
call guard_tenant_table('poll_keys');
grant select, insert, update, delete on polls, poll_keys to {{app}};

-- Two writings of the same settings are the same source; NUL, which jsonb has not, is told apart by its writing.
create function poll_source(kind text, config json) returns text language sql stable
return left(encode(sha256(convert_to(jsonb_build_array(
    kind, config->>'uses', config->>'account',
    case when position('\u0000' in coalesce(config->'with', '{}')::text) = 0 then coalesce(config->'with', '{}')::jsonb
         else to_jsonb((config->'with')::text) end)::text, 'UTF8')), 'hex'), 32);

-- Brings the polls of an agent in line with its triggers. Called whenever those change.
create function follow_polls(p_workspace uuid, p_agent uuid) returns void language plpgsql as $$
begin
    with live as (
        select t.trigger_id, t.version_id, t.config->>'account' as account, t.is_on and t.paused_at is null as is_on,
               s.source || '-' || row_number() over (partition by s.source order by length(t.trigger_id), t.trigger_id)
                   as source
        from triggers t cross join lateral (select poll_source(t.kind, t.config) as source) s
        where t.workspace_id = p_workspace and t.agent_id = p_agent and t.kind in ('poll', 'email')
    ), gone as (
        delete from polls p where p.workspace_id = p_workspace and p.agent_id = p_agent
        and p.source not in (select l.source from live l) returning p.id
    ), forgotten as (
        delete from poll_keys k where k.workspace_id = p_workspace and k.poll_id in (select g.id from gone g)
    )
    insert into polls as p (workspace_id, agent_id, trigger_id, version_id, source, account, is_on)
    select p_workspace, p_agent, l.trigger_id, l.version_id, l.source, l.account, l.is_on from live l
    on conflict (workspace_id, agent_id, source) do update set
        trigger_id = excluded.trigger_id, version_id = excluded.version_id, is_on = excluded.is_on,
        due_at = case when p.claimed_at is null and (p.version_id, p.is_on) is distinct from (excluded.version_id, excluded.is_on)
                      then greatest(now(), p.not_before) else p.due_at end;
end $$;

-- As before (0008), with what is polled; a poll has no use for an address.
create or replace function follow_live_triggers() returns trigger language plpgsql as $$
begin
    with live as (
        select node->>'id' as trigger_id, substr(split_part(node->>'type', '@', 1), 9) as kind,
               coalesce(node->'config', '{}') as config,
               new.paused_at is null and coalesce((v.flow->>'enabled')::boolean, true) as is_on
        from agent_versions v, json_array_elements(v.flow->'nodes') node
        where v.workspace_id = new.workspace_id and v.id = new.live_version_id and new.deleted_at is null
          and node->>'type' in ('trigger.webhook@1', 'trigger.form@1', 'trigger.chat@1', 'trigger.error@1',
                                'trigger.poll@1', 'trigger.email@1')
    ), gone as (
        delete from triggers t where t.workspace_id = new.workspace_id and t.agent_id = new.id
        and t.trigger_id not in (select l.trigger_id from live l)
    )
    insert into triggers as t (workspace_id, agent_id, trigger_id, version_id, kind, config, is_on)
    select new.workspace_id, new.id, l.trigger_id, new.live_version_id, l.kind, l.config, l.is_on from live l
    on conflict (workspace_id, agent_id, trigger_id) do update set
        version_id = excluded.version_id, kind = excluded.kind, config = excluded.config, is_on = excluded.is_on,
        paused_at = case when t.kind = excluded.kind then t.paused_at end;
    if exists (select from triggers t where t.workspace_id = new.workspace_id and t.agent_id = new.id
               and t.kind not in ('poll', 'email')) then
        insert into agent_addresses (workspace_id, agent_id, token)
        values (new.workspace_id, new.id, new_address(new.workspace_id)) on conflict do nothing;
    end if;
    perform follow_polls(new.workspace_id, new.id);
    return null;
end $$;

-- Takes polls that are due, of all workspaces in turn, and of each no more than p_each at once. Until the lease ends they
-- are nobody else's.
create function claim_polls(p_limit integer, p_each integer, p_lease_s float8)
returns table (workspace_id uuid, id uuid, agent_id uuid, trigger_id text, version_id uuid, kind text, config json,
               source text, cursor json, is_first boolean, epoch integer, failures integer)
language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    return query
    with due as materialized (
        select p.workspace_id, p.id, p.due_at from polls p
        where p.is_on and p.due_at <= now() order by p.due_at limit greatest(1000, p_limit)
    ), ranked as (
        select d.*, u.busy + row_number() over (partition by d.workspace_id order by d.due_at) as turn
        from due d
        join (select w.workspace_id, (select count(*) from polls p where p.workspace_id = w.workspace_id
                                      and p.claimed_at is not null and p.due_at > now()) as busy
              from (select distinct d.workspace_id from due d) w) u on u.workspace_id = d.workspace_id
    ), chosen as (
        select p.workspace_id, p.id from ranked r join polls p on p.workspace_id = r.workspace_id and p.id = r.id
        where r.turn <= p_each and p.is_on and p.due_at <= now()
        order by r.turn, r.due_at limit p_limit for update of p skip locked
    ), claimed as (
        update polls p set epoch = p.epoch + 1, claimed_at = now(), due_at = now() + make_interval(secs => p_lease_s)
        from chosen c where p.workspace_id = c.workspace_id and p.id = c.id returning p.*
    )
    select c.workspace_id, c.id, c.agent_id, c.trigger_id, t.version_id, t.kind, t.config, c.source, c.cursor,
           c.begun_at is null, c.epoch, c.failures
    from claimed c
    join triggers t on t.workspace_id = c.workspace_id and t.agent_id = c.agent_id and t.trigger_id = c.trigger_id;
end $$;

-- As before (0009), and a poll under way holds its slot as a step does.
create or replace function take_slot(p_name text, p_run uuid, p_path text, p_epoch integer, p_most_s float8) returns float8
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
            and q.worker is not null and q.due_at > now())
        and not exists (
            select from polls p where p.workspace_id = s.workspace_id and p.id = s.run_id and p.epoch = s.epoch
            and p.claimed_at is not null and p.due_at > now());
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

do $$
begin
    execute 'create policy dispatch on polls to {{dispatcher}} using (true) with check (true)';
    execute 'grant create on schema public to {{dispatcher}}';
    execute 'revoke execute on function claim_polls from public';
    execute 'grant execute on function claim_polls to {{app}}';
    execute 'alter function claim_polls owner to {{dispatcher}}';
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant select, update on polls to {{dispatcher}};

-- Versions that are live already, and are polled from now on.
select set_config('plainwork.upkeep', 'on', true);
update agents set live_version_id = live_version_id where live_version_id is not null;
select set_config('plainwork.upkeep', '', true);
