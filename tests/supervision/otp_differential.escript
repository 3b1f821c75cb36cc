#!/usr/bin/env escript
%% -*- erlang -*-
%%! +S 1 -noinput +P 1000000
%% Compares supervision_trace with Erlang/OTP's own supervisor.
%%
%% otp_differential.escript PROGRAM [COUNT [SEED]]
%%
%% Makes COUNT random traces, runs each on OTP's supervisor in real time (all
%% of them side by side) and on PROGRAM under its virtual clock, and compares
%% the output line by line. Ends with 1 and shows the first trace that differs.
-mode(compile).
-export([init/1, start_scripted/2, start_dynamic/3]).

main([Program]) -> main([Program, "300"]);
main([Program, Count]) ->
    main([Program, Count, integer_to_list(erlang:phash2(os:timestamp()))]);
main([Program, Count, Seed]) ->
    rand:seed(exsss, list_to_integer(Seed)),
    logger:set_primary_config(level, none),
    io:format("seed ~s, ~s traces~n", [Seed, Count]),
    Traces = [random_trace() || _ <- lists:seq(1, list_to_integer(Count))],
    Expected = run_all(Traces),
    File = filename:join(os:getenv("TMPDIR", "/tmp"),
                         "otp_differential_" ++ os:getpid() ++ ".jsonl"),
    Lines = [iolist_to_binary(json(trace_json(T))) || T <- Traces],
    ok = file:write_file(File, [[L, $\n] || L <- Lines]),
    Output = os:cmd("'" ++ Program ++ "' < " ++ File),
    file:delete(File),
    Actual = string:split(string:trim(unicode:characters_to_binary(Output)),
                          "\n", all),
    compare(Lines, Expected, Actual, 0, 0).

compare([], [], [], N, 0) ->
    io:format("~b traces, no divergence~n", [N]),
    halt(0);
compare([], [], [], N, Bad) ->
    io:format("~b traces, ~b diverge~n", [N, Bad]),
    halt(1);
compare([L | Ls], [E | Es], [A | As], N, Bad) when E =:= A ->
    _ = L,
    compare(Ls, Es, As, N + 1, Bad);
compare([L | Ls], [E | Es], [A | As], N, Bad) ->
    Bad < 3 andalso
        io:format("trace ~b:~n~ts~n  OTP:  ~ts~n  ours: ~ts~n", [N, L, E, A]),
    compare(Ls, Es, As, N + 1, Bad + 1);
compare(Ls, Es, As, _, _) ->
    io:format("~b traces, ~b lines expected, ~b lines of output~n",
              [length(Ls), length(Es), length(As)]),
    halt(1).

%% -- random traces ------------------------------------------------------------

pick(L) -> lists:nth(rand:uniform(length(L)), L).
chance(Percent) -> rand:uniform(100) =< Percent.
maybe_key(Percent, K, F) -> case chance(Percent) of true -> [{K, F()}]; false -> [] end.

%% Stops take little of a period, and what is not within one lies well outside
%% of it, because OTP counts whole seconds.
-define(PERIOD, 6000).
-define(GAP, 8000).

random_trace() ->
    Strategy = pick([one_for_one, one_for_one, one_for_all, rest_for_one,
                     simple_one_for_one]),
    Auto = pick([never, never, any_significant, all_significant]),
    Flags = lists:append(
              [[{strategy, case chance(1) of true -> foo; _ -> Strategy end}],
               [{intensity, case chance(1) of true -> -1; _ -> pick([0, 1, 1, 2, 3, 6]) end}],
               [{period_ms, case chance(1) of true -> 0; _ -> ?PERIOD end}],
               maybe_key(90, auto_shutdown,
                         fun() -> case chance(1) of true -> foo; _ -> Auto end end)]),
    Real = proplists:get_value(auto_shutdown, Flags, never),
    Simple = Strategy =:= simple_one_for_one,
    Children = case Simple of
                   true when Flags =/= [] ->
                       N = case chance(2) of true -> pick([0, 2]); _ -> 1 end,
                       [random_child([a, b, c], Real, true) || _ <- lists:seq(1, N)];
                   false ->
                       unique([random_child([a, b, c, d, e], Real, false)
                               || _ <- lists:seq(1, pick([0, 1, 2, 3, 4]))])
               end,
    Gaps = pick([0, 0, 1, 2]),
    Ops0 = [random_op(Simple, Real) || _ <- lists:seq(1, 2 + rand:uniform(12))],
    Ops = lists:foldl(
            fun(_, L) ->
                    {Before, After} = lists:split(rand:uniform(length(L)), L),
                    Before ++ [[{op, advance}, {ms, ?GAP}]] ++ After
            end, Ops0, lists:seq(1, Gaps)),
    #{flags => Flags, children => Children, ops => Ops}.

%% Mostly one spec for each id.
unique(Children) ->
    case chance(3) of
        true -> Children;
        false ->
            {Result, _} =
                lists:foldl(fun(C, {L, Seen}) ->
                                    Id = proplists:get_value(id, C),
                                    case lists:member(Id, Seen) of
                                        true -> {L, Seen};
                                        false -> {[C | L], [Id | Seen]}
                                    end
                            end, {[], []}, Children),
            lists:reverse(Result)
    end.

random_child(Ids, Auto, Simple) ->
    Significant = Auto =/= never andalso chance(50),
    Restart = case Significant of
                  true -> pick([transient, temporary]);
                  false -> pick([permanent, permanent, transient, temporary])
              end,
    Type = pick([worker, worker, worker, supervisor]),
    Manners = pick([obey, obey, obey, ignore, [{exit, normal}], [{exit, boom}]]),
    Shutdown = case Manners of
                   ignore -> pick([0, 20, 50, brutal_kill]);
                   _ -> pick([1000, 5000, brutal_kill, infinity, none])
               end,
    Outcomes = case Simple andalso Restart =/= temporary of
                   true -> [ok, ok, ok, error];
                   false -> [ok, ok, ok, ok, error, ignore]
               end,
    Start = [case chance(90) of true -> ok; false -> pick(Outcomes) end
             | [pick(Outcomes) || _ <- lists:seq(1, rand:uniform(4) - 1)]],
    lists:append(
      [[{id, pick(Ids)} || not chance(1)],
       case chance(1) of true -> [{restart, foo}];
                         false when Restart =:= permanent -> maybe_key(50, restart, fun() -> Restart end);
                         false -> [{restart, Restart}] end,
       case chance(1) of true -> [{shutdown, pick([-5, foo])}];
                         false -> [{shutdown, Shutdown} || Shutdown =/= none] end,
       case chance(1) of true -> [{type, foo}]; false -> [{type, Type}] end,
       case chance(1) of true -> [{significant, pick([true, foo])}];
                         false -> [{significant, Significant}] end,
       [{start, Start} || chance(60)],
       [{on_shutdown, Manners}]]).

random_op(Simple, Auto) ->
    Id = case Simple of
             true -> pick([i1, i1, i2, i2, i3, i4, i7]);
             false -> pick([a, b, c, d, e])
         end,
    case rand:uniform(100) of
        N when N =< 40 -> [{op, exit}, {id, Id}, {reason, pick([normal, shutdown, crash, crash])}];
        N when N =< 60, Simple -> [{op, start_child}];
        N when N =< 60 -> [{op, start_child}, {child, random_child([a, b, c, d, e], Auto, false)}];
        N when N =< 70 -> [{op, terminate_child}, {id, Id}];
        N when N =< 80 -> [{op, restart_child}, {id, Id}];
        N when N =< 88 -> [{op, delete_child}, {id, Id}];
        N when N =< 92 -> [{op, which_children}];
        N when N =< 96 -> [{op, count_children}];
        N when N =< 98 -> [{op, advance}, {ms, pick([1, 10, 50])}];
        _ -> [{op, stop}]
    end.

%% -- OTP ------------------------------------------------------------------------

run_all(Traces) ->
    Me = self(),
    Pids = [spawn(fun() -> Me ! {self(), run(T)} end) || T <- Traces],
    [receive {P, Result} -> Result end || P <- Pids].

run(#{flags := Flags, children := Children, ops := Ops}) ->
    process_flag(trap_exit, true),
    Book = spawn_link(fun() -> book([], #{}, #{}) end),
    Simple = proplists:get_value(strategy, Flags) =:= simple_one_for_one,
    Keyed = [{make_ref(), C} || C <- Children],
    Init = {sup_flags(Flags), [spec(K, C, Book, Simple) || {K, C} <- Keyed]},
    Result =
        case supervisor:start_link(?MODULE, Init) of
            {ok, Sup} ->
                Keys = maps:from_list([{proplists:get_value(id, C), K} || {K, C} <- Keyed]),
                Steps = steps(Ops, #{sup => Sup, book => Book, simple => Simple,
                                     keys => Keys, next => 1, template => Children}),
                [{start, ok}, {steps, {list, Steps}}];
            {error, Reason} ->
                [{start, [{error, start_error(Reason)}]}, {steps, {list, []}}]
        end,
    unlink(Book), exit(Book, kill),
    iolist_to_binary(json(Result)).

init(Init) -> {ok, Init}.

start_error({shutdown, {failed_to_start_child, Id, _}}) -> Id;
start_error({bad_start_spec, _}) -> bad_start_spec;
start_error({start_spec, What}) -> tag(What);
start_error({supervisor_data, What}) -> tag(What).

tag(What) when is_atom(What) -> What;
tag(What) -> element(1, What).

sup_flags(Flags) ->
    maps:from_list([case F of
                        {period_ms, Ms} -> {period, Ms div 1000};
                        _ -> F
                    end || F <- Flags]).

spec(Key, C, Book, Simple) ->
    Start = case Simple of
                true -> {?MODULE, start_dynamic, [Key, {C, Book}]};
                false -> {?MODULE, start_scripted, [{Key, proplists:get_value(id, C)}, {C, Key, Book}]}
            end,
    maps:from_list([{start, Start}
                    | [KV || {K, _} = KV <- C,
                             lists:member(K, [id, restart, shutdown, type, significant])]]).

%% The list of outcomes belongs to the template, the count to the child.
start_dynamic(Key, {C, Book}, N) ->
    start_scripted({{Key, N}, list_to_atom("i" ++ integer_to_list(N))}, {C, Key, Book}).

start_scripted({CountKey, Id}, {C, Key, Book}) ->
    case ask(Book, {attempt, Key, proplists:get_value(start, C, [ok])}) of
        error -> {error, start_error};
        ignore -> ignore;
        ok ->
            Manners = proplists:get_value(on_shutdown, C, obey),
            Parent = self(),
            Pid = spawn_link(fun() ->
                                     process_flag(trap_exit, true),
                                     Parent ! {self(), go},
                                     scripted(Manners)
                             end),
            receive {Pid, go} -> ok end,
            ask(Book, {started, CountKey, Id, Pid}),
            {ok, Pid}
    end.

scripted(Manners) ->
    receive
        {die, Reason} -> exit(Reason);
        {'EXIT', _, _} ->
            case Manners of
                obey -> exit(shutdown);
                ignore -> scripted(Manners);
                [{exit, Reason}] -> exit(Reason)
            end
    end.

%% Keeps what the children of a trace did.
ask(Book, What) ->
    Ref = make_ref(),
    Book ! {self(), Ref, What},
    receive {Ref, Answer} -> Answer end.

book(Ended, Attempts, Starts) ->
    receive
        {From, Ref, {attempt, Key, List}} ->
            N = maps:get(Key, Attempts, 0),
            From ! {Ref, lists:nth(min(N + 1, length(List)), List)},
            book(Ended, Attempts#{Key => N + 1}, Starts);
        {From, Ref, {started, Key, Id, Pid}} ->
            monitor(process, Pid),
            put(Pid, Id),
            put({pid, Id}, Pid),
            From ! {Ref, ok},
            book(Ended, Attempts, Starts#{Key => maps:get(Key, Starts, 0) + 1});
        {'DOWN', _, process, Pid, Reason} ->
            book([{get(Pid), Reason, erase({told, Pid}) =:= undefined} | Ended],
                 Attempts, Starts);
        {From, Ref, {dies, Pid}} ->
            put({told, Pid}, false),
            From ! {Ref, ok},
            book(Ended, Attempts, Starts);
        {From, Ref, ended} ->
            From ! {Ref, lists:reverse(Ended)},
            book(Ended, Attempts, Starts);
        {From, Ref, {starts, Key}} ->
            From ! {Ref, maps:get(Key, Starts, 0)},
            book(Ended, Attempts, Starts);
        {From, Ref, {pid, Id}} ->
            From ! {Ref, get({pid, Id})},
            book(Ended, Attempts, Starts);
        {From, Ref, {id, Pid}} ->
            From ! {Ref, get(Pid)},
            book(Ended, Attempts, Starts)
    end.

steps([], _) -> [];
steps([Op | Ops], S) ->
    Before = length(maps:get(final, S, [])),
    {Reply, S1} = step(proplists:get_value(op, Op), Op, S),
    S2 = settle(S1, Before),
    [[{reply, Reply} | status(S2)] | steps(Ops, S2)].

alive(#{sup := Sup}) -> is_process_alive(Sup).

step(advance, Op, S) ->
    timer:sleep(proplists:get_value(ms, Op)),
    {ok, S};
step(exit, Op, #{book := Book} = S) ->
    Pid = ask(Book, {pid, proplists:get_value(id, Op)}),
    case alive(S) andalso is_pid(Pid) andalso is_process_alive(Pid) of
        true ->
            ask(Book, {dies, Pid}),
            Ref = monitor(process, Pid),
            Pid ! {die, proplists:get_value(reason, Op)},
            receive {'DOWN', Ref, _, _, _} -> ok end;
        false -> ok
    end,
    {ok, S};
step(stop, _, #{sup := Sup} = S) ->
    case alive(S) of
        true ->
            Ref = monitor(process, Sup),
            exit(Sup, shutdown),
            receive {'DOWN', Ref, _, _, _} -> ok end;
        false -> ok
    end,
    {ok, S};
step(What, Op, S) ->
    case alive(S) of
        false -> {noproc, S};
        true -> call(What, Op, S)
    end.

call(start_child, _, #{simple := true, sup := Sup, next := N} = S) ->
    case supervisor:start_child(Sup, [N]) of
        {ok, undefined} -> {ignored, S};
        {ok, _} -> {ok, S#{next := N + 1}};
        {error, _} -> {error, S}
    end;
call(start_child, Op, #{sup := Sup, book := Book, keys := Keys} = S) ->
    Key = make_ref(),
    C = proplists:get_value(child, Op),
    Kept = S#{keys := Keys#{proplists:get_value(id, C) => Key}},
    case supervisor:start_child(Sup, spec(Key, C, Book, false)) of
        {ok, undefined} -> {ignored, Kept};
        {ok, _} -> {ok, Kept};
        {error, {already_started, _}} -> {already_started, S};
        {error, already_present} -> {already_present, S};
        {error, start_error} -> {error, S};
        {error, {start_error, _}} -> {error, S};
        {error, What} -> {tag(What), S}
    end;
call(terminate_child, Op, #{simple := true, book := Book} = S) ->
    case ask(Book, {pid, proplists:get_value(id, Op)}) of
        undefined -> simple(supervisor:terminate_child(maps:get(sup, S), none), S);
        Pid -> simple(supervisor:terminate_child(maps:get(sup, S), Pid), S)
    end;
call(which_children, _, S) ->
    {{list, [{list, [Id, State, Type]} || {Id, State, Type, _} <- children(S)]}, S};
call(count_children, _, #{sup := Sup} = S) ->
    Counts = supervisor:count_children(Sup),
    {[{K, proplists:get_value(K, Counts)} || K <- [specs, active, supervisors, workers]], S};
call(What, Op, #{sup := Sup} = S) ->
    simple(supervisor:What(Sup, proplists:get_value(id, Op)), S).

simple(ok, S) -> {ok, S};
simple({ok, undefined}, S) -> {ignored, S};
simple({ok, _}, S) -> {ok, S};
simple({error, start_error}, S) -> {error, S};
simple({error, What}, S) -> {What, S}.

%% Waits until the supervisor has done all that follows from what happened.
settle(#{final := _} = S, _) -> S;
settle(#{sup := Sup, book := Book} = S, _) ->
    timer:sleep(2),
    try supervisor:which_children(Sup) of
        L ->
            case lists:any(fun({_, P, _, _}) -> P =:= restarting end, L) of
                true -> settle(S, 0);
                false ->
                    %% One more round for an exit that was on its way.
                    timer:sleep(1),
                    try supervisor:which_children(Sup) of
                        L -> S#{count => length(ask(Book, ended))};
                        _ -> settle(S, 0)
                    catch exit:_ -> settle(S, 0)
                    end
            end
    catch
        exit:_ ->
            timer:sleep(5),
            All = ask(Book, ended),
            S#{final => sorted(S, All)}
    end.

%% The children of a simple_one_for_one go at once: by number.
sorted(#{simple := false}, All) -> All;
sorted(S, All) ->
    {Old, New} = lists:split(maps:get(count, S, 0), All),
    {Self, Told} = lists:partition(fun({_, _, T}) -> not T end, New),
    Number = fun(Id) -> list_to_integer(tl(atom_to_list(Id))) end,
    Old ++ Self ++ lists:sort(fun({A, _, _}, {B, _, _}) -> Number(A) =< Number(B) end, Told).

status(#{final := Final}) ->
    [{alive, false}, {reason, shutdown}, {children, {list, []}},
     {ended, {list, [{list, [Id, Reason]} || {Id, Reason, _} <- Final]}}];
status(#{book := Book, simple := Simple, keys := Keys} = S) ->
    [{alive, true}, {reason, null},
     {children,
      {list, [{list, [Id, ask(Book, {starts, case Simple of
                                                 true -> number_key(Keys, Id);
                                                 false -> maps:get(Id, Keys)
                                             end}), State]}
              || {Id, State, _, _} <- children(S)]}}].

number_key(Keys, Id) ->
    [Key] = maps:values(Keys),
    {Key, list_to_integer(tl(atom_to_list(Id)))}.

children(#{sup := Sup, book := Book, simple := Simple}) ->
    L = [{case Simple of true -> ask(Book, {id, P}); false -> Id end,
          if is_pid(P) -> running; true -> P end, Type, P}
         || {Id, P, Type, _} <- supervisor:which_children(Sup)],
    case Simple of
        true ->
            Number = fun({Id, _, _, _}) -> list_to_integer(tl(atom_to_list(Id))) end,
            lists:sort(fun(A, B) -> Number(A) =< Number(B) end, L);
        false -> lists:reverse(L)
    end.

%% -- JSON ------------------------------------------------------------------------

trace_json(#{flags := Flags, children := Children, ops := Ops}) ->
    [{supervisor, Flags},
     {children, {list, [child_json(C) || C <- Children]}},
     {ops, {list, [[case KV of
                        {child, C} -> {child, child_json(C)};
                        _ -> KV
                    end || KV <- Op] || Op <- Ops]}}].

child_json(C) ->
    [case KV of {start, L} -> {start, {list, L}}; _ -> KV end || KV <- C].

json({list, L}) -> [$[, lists:join($,, [json(X) || X <- L]), $]];
json(true) -> "true";
json(false) -> "false";
json(null) -> "null";
json(A) when is_atom(A) -> [$", atom_to_list(A), $"];
json(N) when is_integer(N) -> integer_to_list(N);
json(L) when is_list(L) ->
    [${, lists:join($,, [[json(K), $:, json(V)] || {K, V} <- L]), $}].
