-- Claims that an outage of the database brought to nothing are not held against their runs.
--
-- A run whose workers die before they write anything for it is taken for their killer, after three of them. A worker that
-- is still alive can tell when it was the database instead.

-- A worker goes on, with a new session (p_new), with the runs that it has in hand (p_held) under its old number (p_old; the
-- same when only a connection was lost). What else was claimed under that number never reached it, as the answer to the
-- claim was lost: it is given back as though it had not been claimed. Returns how many those were.
create function keep_claims(p_old integer, p_new integer, p_held uuid[]) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare given_back integer;
begin
    update queue q set worker = p_new where q.worker = p_old and p_old <> p_new and q.run_id = any (p_held);
    update queue q set worker = null, due_at = now(), claims = greatest(q.claims - 1, 0)
    where q.worker = p_old and q.run_id <> all (p_held);
    get diagnostics given_back = row_count;
    return given_back;
end $$;

-- One claim of each of these runs does not count: their worker is alive and lost them to an outage.
create function excuse_claims(p_workspace uuid[], p_run uuid[]) returns void
language sql security definer set search_path = public, pg_temp as $$
    update queue q set claims = q.claims - 1
    from unnest(p_workspace, p_run) as u(w, r)
    where q.workspace_id = u.w and q.run_id = u.r and q.claims > 0
$$;

do $$
declare
    signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in ('keep_claims', 'excuse_claims')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
