/** What LangGraph needs beside LangChain, and its bridge. Resources only. */
module dev.terrarium.python.langgraph {
  requires dev.terrarium.python.langchain;
}
