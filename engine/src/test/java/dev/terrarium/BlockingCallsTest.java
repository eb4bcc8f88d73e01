package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.CallTimeoutException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.SharedTerrarium;
import dev.terrarium.testing.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Everything in the standard library that blocks, given up while it does, with each kind of
 * time-out that it takes, in a few contexts at a time. How long each goes on after that, and its
 * context is checked, is printed. Not here: {@code select.poll}, {@code signal.pause} and {@code
 * sigwait}, which GraalPy does not have, and processes, which no access profile grants.
 */
@Tag("graalpy")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlockingCallsTest {

  /** Almost all that the calls do is wait. */
  private static final int CONTEXTS = 4;

  private static final CallOptions SOON = CallOptions.deadline(Duration.ofMillis(300));

  /** A hundred times what is promised; a call that does not stop lasts twice as long. */
  private static final Duration CEILING = Duration.ofSeconds(10);

  /** In each {@code T} is a time-out; those after a {@code |} are the ones it can have. */
  private static final String BLOCKING =
      """
      import time; time.sleep(T) | 20 20.5
      import threading as t; t.Thread(target=__import__('time').sleep, args=(T,)).start(); raise ProbeError("left") | 20 20.5
      import threading as t; x = t.Thread(target=__import__('time').sleep, args=(20.5,)); x.start(); x.join(T) | None 20 20.5
      import threading as t; x = t.Timer(T, print); x.start(); x.join() | 20 20.5
      import threading as t; x = t.Lock(); x.acquire(); x.acquire(timeout=T) | -1 20 20.5
      import threading as t; x = t.Condition(); x.acquire(); x.wait(T) | None 20 20.5
      import threading as t; x = t.Condition(); x.acquire(); x.wait_for(lambda: False, T) | None 20 20.5
      import threading as t; t.Semaphore(0).acquire(timeout=T) | None 20 20.5
      import threading as t; t.Event().wait(T) | None 20 20.5
      import threading as t; t.Barrier(2).wait(T) | None 20 20.5
      import queue; queue.Queue().get(timeout=T) | None 20 20.5
      import queue; x = queue.Queue(1); x.put(1); x.put(2, timeout=T) | None 20 20.5
      import queue; x = queue.Queue(); x.put(1); x.join() | -
      import queue; queue.PriorityQueue().get(timeout=T) | None 20 20.5
      import queue; queue.SimpleQueue().get(timeout=T) | None 20 20.5
      import concurrent.futures as f; f.Future().result(T) | None 20 20.5
      import concurrent.futures as f; f.Future().exception(T) | None 20 20.5
      import concurrent.futures as f; f.wait([f.Future()], T) | None 20 20.5
      import concurrent.futures as f; list(f.as_completed([f.Future()], T)) | None 20 20.5
      import concurrent.futures as f, time; list(f.ThreadPoolExecutor(2).map(time.sleep, [20.5, 20.5], timeout=T)) | None 20 20.5
      import concurrent.futures as f, time; x = f.ThreadPoolExecutor(2); x.submit(time.sleep, T); x.shutdown() | 20 20.5
      import asyncio; asyncio.run(asyncio.sleep(T)) | 20 20.5
      import asyncio; asyncio.run(asyncio.wait_for(asyncio.sleep(20.5), T)) | None 20 20.5
      import asyncio, time; asyncio.run(asyncio.to_thread(time.sleep, T)) | 20 20.5
      import select; select.select([], [], [], T) | 20 20.5
      import socket, select; a, b = socket.socketpair(); select.select([a], [], [], T) | None 20 20.5
      import socket, selectors; a, b = socket.socketpair(); x = selectors.DefaultSelector(); x.register(a, 1); x.select(T) | None 20 20.5
      import sched; x = sched.scheduler(); x.enter(T, 1, print); x.run() | 20 20.5
      import socket; a, b = socket.socketpair(); a.settimeout(T); a.recv(1) | None 20 20.5
      import socket; a, b = socket.socketpair(); a.settimeout(T); a.makefile().readline() | None 20 20.5
      import socket; a = socket.create_server(('127.0.0.1', 0)); a.settimeout(T); a.accept() | None 20 20.5
      import socket; a = socket.socket(type=socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0)); a.settimeout(T); a.recvfrom(1) | None 20 20.5
      import socket; a, b = socket.socketpair(); a.settimeout(T); a.sendall(bytes(10**8)) | None 20 20.5
      import socketserver as s; x = s.TCPServer(('127.0.0.1', 0), s.BaseRequestHandler); x.timeout = T; x.handle_request() | None 20 20.5
      import socketserver as s; x = s.TCPServer(('127.0.0.1', 0), s.BaseRequestHandler); x.serve_forever(T) | 20 20.5
      import socket, http.client as h; a = socket.create_server(('127.0.0.1', 0)); x = h.HTTPConnection(*a.getsockname(), timeout=T); x.request('GET', '/'); x.getresponse() | None 20 20.5
      import socket, urllib.request as u; a = socket.create_server(('127.0.0.1', 0)); u.urlopen('http://127.0.0.1:%d' % a.getsockname()[1], timeout=T) | None 20 20.5
      import socket, ssl; a = socket.create_server(('127.0.0.1', 0)); b = socket.create_connection(a.getsockname(), timeout=T); ssl.create_default_context().wrap_socket(b, server_hostname='x') | None 20 20.5
      import socket, smtplib; a = socket.create_server(('127.0.0.1', 0)); smtplib.SMTP('127.0.0.1', a.getsockname()[1], timeout=T) | 20 20.5
      import os; a, b = os.pipe(); os.read(a, 1) | -
      import os; a, b = os.pipe(); os.fdopen(a).readline() | -
      import os; a, b = os.pipe(); os.write(b, bytes(10**8)) | -
      import multiprocessing as m; a, b = m.Pipe(); a.poll(T) | None 20 20.5
      import multiprocessing as m; a, b = m.Pipe(); a.recv() | -
      import multiprocessing.connection as m; a, b = m.Pipe(); m.wait([a], T) | None 20 20.5
      import multiprocessing as m; m.Event().wait(T) | None 20 20.5
      import multiprocessing as m; m.Semaphore(0).acquire(timeout=T) | None 20 20.5
      import multiprocessing as m; m.Queue().get(timeout=T) | None 20 20.5
      """;

  private final Queue<Terrarium> idle = new ConcurrentLinkedQueue<>();
  private ExecutorService callers;

  @BeforeAll
  void startContexts() {
    callers = Executors.newFixedThreadPool(CONTEXTS);
    for (int i = 0; i < CONTEXTS; i++) {
      Terrarium terrarium =
          Terrarium.start(TerrariumConfig.custom().contexts(1).build())
              .register(SharedTerrarium.probe());
      terrarium.prewarm("probe", 1).join();
      idle.add(terrarium);
    }
  }

  @AfterAll
  void close() {
    callers.close();
    idle.forEach(Terrarium::close);
  }

  static List<String> blocking() {
    List<String> calls = new ArrayList<>();
    for (String line : BLOCKING.lines().toList()) {
      String[] parts = line.split(" \\| ", -1);
      for (String timeout : parts[1].split(" ", -1)) {
        calls.add(parts[0].replaceAll("\\bT\\b", timeout));
      }
    }
    return calls;
  }

  @TestFactory
  List<DynamicTest> stopsAtOnce() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String call : blocking()) {
      Future<?> stopping = callers.submit(() -> assertStopsAtOnce(call));
      tests.add(DynamicTest.dynamicTest(call, stopping::get));
    }
    return tests;
  }

  private void assertStopsAtOnce(String call) {
    Terrarium terrarium = idle.remove(); // there is one for each caller
    try {
      assertThatThrownBy(
              () -> terrarium.adapter("probe").with(SOON).call("execute", Map.of("source", call)))
          .isInstanceOf(
              call.contains("ProbeError") ? PythonException.class : CallTimeoutException.class);
      long begin = System.nanoTime();
      Task.until("the context is idle", () -> terrarium.stats().pool().idle() == 1);
      Duration stopping = Duration.ofNanos(System.nanoTime() - begin);

      System.out.printf("%5d ms  %s%n", stopping.toMillis(), call);
      assertThat(stopping).isLessThan(CEILING);
    } finally {
      idle.add(terrarium);
    }
  }
}
