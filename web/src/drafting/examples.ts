/** Sentences to begin with. Each is drafted without a model, and between them they show what can start an agent. */
export const EXAMPLES: readonly { title: string; english: string }[] = [
  {
    title: "A digest by mail",
    english:
      "Every weekday at 8:30 fetch https://example.org/posts.json, keep the posts with a score over 100, summarise them " +
      "and mail the summary to team@example.org",
  },
  {
    title: "Sort what comes in",
    english:
      "When a message arrives at the webhook, decide whether it is urgent, a complaint or a question; post urgent ones " +
      "to #support on Slack and mail the rest to desk@example.org",
  },
  {
    title: "Read for me",
    english:
      "Every morning collect the top posts of r/programming, translate the titles into German and mail them to me",
  },
  {
    title: "Tell me of new issues",
    english: "Whenever a new issue is created on GitHub, summarise it and notify me",
  },
  {
    title: "From a form to a table",
    english:
      "When somebody submits a form, extract their name and company from the text and add a row to Google Sheets",
  },
];
