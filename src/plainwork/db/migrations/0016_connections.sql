-- Connections: accounts that a person has agreed to let Plainwork use (OAuth), and those on their way.
--
-- The tokens of a connection are the value of a secret of the same name, sealed by the vault as any other; here is what may
-- be shown. Who refreshes them holds the lock of the connection's row meanwhile, so that it never happens twice at once.

create table connections (
    workspace_id uuid not null references workspaces,
    name         text not null,
    connector    text not null,
    app          text,                              -- the secret that holds the app's id and secret; null: the installation's
    scopes       text[] not null default '{}',
    whose        text,                              -- the account's name, where the provider has told it
    connected_by uuid,
    connected_at timestamptz not null default now(),
    refreshed_at timestamptz,
    expires_at   timestamptz,                       -- when the token that is used now runs out; null: nobody knows
    expired_at   timestamptz,                       -- refused: nothing works until somebody connects it anew
    trouble      text,
    primary key (workspace_id, name),
    foreign key (workspace_id, name) references secrets (workspace_id, name) on delete cascade
);
call guard_tenant_table('connections');
create policy dispatch on connections to {{dispatcher}} using (true) with check (true);
grant select, insert, update, delete on connections to {{app}};
grant select on connections to {{dispatcher}};

-- Somebody has set out to connect an account. Only a hash of the state that comes back is kept; it works once, in the session
-- that began it, for ten minutes.
create table connection_starts (
    workspace_id uuid not null references workspaces,
    state_hash   bytea not null,
    session_id   uuid not null,
    user_id      uuid not null,
    name         text not null,
    connector    text not null,
    app          text,
    scopes       text[] not null,
    about        text not null default '',
    agents       uuid[],
    expires_at   timestamptz not null,
    primary key (workspace_id, state_hash)
);
call guard_tenant_table('connection_starts');
grant select, insert, delete on connection_starts to {{app}};

-- Runs that wait for a connection which somebody has connected anew since: they are due. Looked at are connections made within
-- p_within. The epoch grows, so that a worker that has just claimed the run writes nothing more. Returns how many those were.
create function resume_connected(p_within interval, p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    waiting record;
    resumed integer := 0;
begin
    for waiting in
        select r.workspace_id, r.id from connections c
        join runs r on r.workspace_id = c.workspace_id and r.cause = 'connection_expired' and r.status = 'waiting'
        cross join lateral (
            select s.at, s.failure from steps s
            where s.workspace_id = r.workspace_id and s.run_id = r.id and s.path = r.ask and s.status = 'failed'
            order by s.seq desc limit 1) f
        where c.connected_at > now() - p_within and c.expired_at is null
          and f.failure->>'connection' = c.name and f.at < c.connected_at
        limit p_limit
    loop
        perform from queue q where q.workspace_id = waiting.workspace_id and q.run_id = waiting.id for update skip locked;
        continue when not found;
        update runs r set status = 'queued', cause = null, ask = null, wake_at = null
        where r.workspace_id = waiting.workspace_id and r.id = waiting.id
          and r.status = 'waiting' and r.cause = 'connection_expired';
        continue when not found;
        update queue q set epoch = q.epoch + 1, worker = null, claims = 0, due_at = now()
        where q.workspace_id = waiting.workspace_id and q.run_id = waiting.id;
        resumed := resumed + 1;
    end loop;
    if resumed > 0 then
        perform pg_notify('plainwork_ring', '');
    end if;
    return resumed;
end $$;

revoke execute on function resume_connected from public;
grant execute on function resume_connected to {{app}};
grant create on schema public to {{dispatcher}};
alter function resume_connected owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
