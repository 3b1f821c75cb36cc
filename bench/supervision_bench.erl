%% The same as supervision_bench.cpp, by Erlang's own supervisor.
-module(supervision_bench).
-export([main/0, init/1, start_child/1, start_timed/1]).

main() ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    [run(N) || N <- [1000, 10000, 100000], _ <- lists:seq(1, 5)],
    [run(1000000) || _ <- lists:seq(1, 3)],
    [tree(100, 100) || _ <- lists:seq(1, 5)],
    restarts(2000),
    halt(0).

init(Init) -> {ok, Init}.

start_child(_) -> {ok, spawn_link(fun idle/0)}.

idle() ->
    receive
        crash -> exit(crash)
    end.

ms(T) -> (erlang:monotonic_time(microsecond) - T) / 1000.

specs(N) -> [#{id => I, start => {?MODULE, start_child, [I]}} || I <- lists:seq(1, N)].

run(N) -> measure(flat, N, specs(N)).

tree(Branches, Leaves) ->
    Init = {#{}, specs(Leaves)},
    Specs = [#{id => I, start => {supervisor, start_link, [?MODULE, Init]}, type => supervisor}
             || I <- lists:seq(1, Branches)],
    measure(tree, Branches * Leaves, Specs).

measure(Shape, N, Specs) ->
    erlang:garbage_collect(),
    Before = erlang:memory(total),
    T0 = erlang:monotonic_time(microsecond),
    {ok, Sup} = supervisor:start_link(?MODULE, {#{}, Specs}),
    Start = ms(T0),
    Bytes = erlang:memory(total) - Before,
    T1 = erlang:monotonic_time(microsecond),
    exit(Sup, shutdown),
    receive {'EXIT', Sup, _} -> ok end,
    io:format("{\"who\":\"Erlang\",\"shape\":\"~s\",\"children\":~b,\"start_ms\":~.2f,"
              "\"stop_ms\":~.2f,\"kib_per_child\":~.2f}~n",
              [Shape, N, Start, ms(T1), Bytes / 1024 / N]).

start_timed(Me) ->
    Pid = spawn_link(fun idle/0),
    Me ! {started, Pid, erlang:monotonic_time(nanosecond)},
    {ok, Pid}.

restarts(Rounds) ->
    Spec = #{id => a, start => {?MODULE, start_timed, [self()]}},
    {ok, Sup} = supervisor:start_link(?MODULE, {#{intensity => Rounds + 1}, [Spec]}),
    Pid = receive {started, P, _} -> P end,
    Micros = lists:sort(crash(Pid, Rounds)),
    io:format("{\"who\":\"Erlang\",\"restarts\":~b,\"median_us\":~.1f,\"p99_us\":~.1f}~n",
              [Rounds, lists:nth(Rounds div 2, Micros), lists:nth(Rounds * 99 div 100, Micros)]),
    exit(Sup, shutdown).

crash(_, 0) -> [];
crash(Pid, N) ->
    T = erlang:monotonic_time(nanosecond),
    Pid ! crash,
    receive {started, Next, At} -> [(At - T) / 1000 | crash(Next, N - 1)] end.
