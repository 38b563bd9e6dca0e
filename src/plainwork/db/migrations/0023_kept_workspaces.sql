-- The ids of all workspaces of which something is kept, also of those that are deleted and not yet removed for good: their data
-- keys follow the master key, so that what was brought back opens.
create function kept_workspace_ids() returns setof uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select w.id from workspaces w where w.removed_at is null order by w.id
$$;
revoke execute on function kept_workspace_ids from public;
grant create on schema public to {{dispatcher}};
alter function kept_workspace_ids owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
grant execute on function kept_workspace_ids to {{app}};
